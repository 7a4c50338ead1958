import { assertEquals, assertThrows } from "@std/assert";
import { readIana } from "../../../scripts/port_sources/iana.ts";

const COLUMNS =
  "Service Name,Port Number,Transport Protocol,Description,Assignee,Contact," +
  "Registration Date,Modification Date,Reference,Service Code," +
  "Unauthorized Use Reported,Assignment Notes";

/** A registry of these rows, the empty columns at their ends left out. */
function registry(...rows: string[]): string {
  const filled = rows.map((row) => row + ",".repeat(8));
  return [COLUMNS, ...filled].join("\n") + "\n";
}

Deno.test("a service that has a row per transport becomes one row", () => {
  const { rows } = readIana(registry(
    "demo,2001,tcp,A demo",
    "demo,2001,udp,A demo over UDP",
    "demo,2001,sctp,A demo",
  ));
  assertEquals(rows, [{
    first: 2001,
    last: 2001,
    name: "demo",
    description: "A demo",
    transports: ["tcp", "udp", "sctp"],
  }]);
});

Deno.test("services that share a port keep a row each", () => {
  const { rows } = readIana(registry(
    "one,2001,tcp,",
    "two,2001,udp,",
    "one,2001-2002,tcp,",
  ));
  assertEquals(rows.map(({ name, last }) => [name, last]), [
    ["one", 2001],
    ["two", 2001],
    ["one", 2002],
  ]);
});

Deno.test("quoted fields may hold commas, quotes and line breaks", () => {
  const { rows } = readIana(registry(
    'demo,2001,tcp,"One, two\n  and ""three"""',
    "next,2002,tcp,Plain",
  ));
  assertEquals(rows.map(({ description }) => description), [
    'One, two and "three"',
    "Plain",
  ]);
});

Deno.test("lines may end the way the registry ends them", () => {
  const text = "\ufeff" + registry("demo,2001,tcp,A demo");
  const { rows } = readIana(text.replaceAll("\n", "\r\n"));
  assertEquals(rows.map(({ first, name }) => [first, name]), [[2001, "demo"]]);
});

Deno.test("rows of unassigned ports do not count, whatever they add", () => {
  const { rows } = readIana(registry(
    ",2001,tcp,Unassigned",
    ",2002-2099,,unassigned",
    ",2100,tcp,Unassigned (removed on 2001-02-03)",
    ",2101,tcp,De-registered",
    ",2102,tcp,Reserved",
  ));
  assertEquals(rows.map(({ first }) => first), [2101, 2102]);
});

Deno.test("a port that is unassigned over UDP alone is assigned", () => {
  const { rows } = readIana(registry(
    "demo,2001,tcp,A demo",
    ",2001,udp,Unassigned",
  ));
  assertEquals(rows.map(({ transports }) => transports), [["tcp"]]);
});

Deno.test("rows without a port are left out, those without a transport stay", () => {
  const { rows } = readIana(registry(
    "nameless,,tcp,Only a service name",
    ",2001-2009,,Reserved",
  ));
  assertEquals(rows, [{
    first: 2001,
    last: 2009,
    name: "",
    description: "Reserved",
    transports: [],
  }]);
});

Deno.test("rows are in the order of their ports", () => {
  const { rows } = readIana(registry(
    "c,2003,tcp,",
    "b,2001-2005,tcp,",
    "a,2001,tcp,",
  ));
  assertEquals(rows.map(({ name }) => name), ["a", "b", "c"]);
});

Deno.test("the state is the newest date of registration or modification", () => {
  const rows = [
    "a,1,tcp,,,,2020-01-02,2024-05-06,,,,",
    "b,2,tcp,,,,2023-01-01,",
  ];
  const csv = [COLUMNS, rows[0], rows[1] + ",,,,"].join("\n");
  assertEquals(readIana(csv).state, "2024-05-06");
  assertEquals(readIana(registry("a,1,tcp,")).state, "");
});

Deno.test("a file with other columns is refused by name", () => {
  assertThrows(
    () => readIana("Name,Port\ndemo,2001\n"),
    Error,
    'no column "Registration Date"',
  );
  const renamed = registry("demo,2001,tcp,").replace("Port Number", "Ports");
  assertThrows(() => readIana(renamed), Error, 'no column "Port Number"');
});
