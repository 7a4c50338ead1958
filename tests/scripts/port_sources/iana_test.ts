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

/** What rows come to, in short: ports, transports, name, description. */
const ROWS: Readonly<
  Record<string, readonly [rows: string[], short: string[]]>
> = {
  "a service that has a row per transport becomes one row": [
    [
      "demo,2001,tcp,A demo",
      "demo,2001,udp,A demo over UDP",
      "demo,2001,sctp,A demo",
    ],
    ["2001-2001 tcp+udp+sctp demo: A demo"],
  ],
  "services that share a port keep a row each": [
    ["one,2001,tcp,", "two,2001,udp,", "one,2001-2002,tcp,"],
    ["2001-2001 tcp one: ", "2001-2001 udp two: ", "2001-2002 tcp one: "],
  ],
  "quoted fields may hold commas, quotes and line breaks": [
    ['demo,2001,tcp,"One, two\n  and ""three"""', "next,2002,tcp,Plain"],
    ['2001-2001 tcp demo: One, two and "three"', "2002-2002 tcp next: Plain"],
  ],
  "rows of unassigned ports do not count, whatever they add": [
    [
      ",2001,tcp,Unassigned",
      ",2002-2099,,unassigned",
      ",2100,tcp,Unassigned (removed on 2001-02-03)",
      ",2101,tcp,De-registered",
      ",2102,tcp,Reserved",
    ],
    ["2101-2101 tcp : De-registered", "2102-2102 tcp : Reserved"],
  ],
  "a port that is unassigned over UDP alone is assigned": [
    ["demo,2001,tcp,A demo", ",2001,udp,Unassigned"],
    ["2001-2001 tcp demo: A demo"],
  ],
  "rows without a port are left out, those without a transport stay": [
    ["nameless,,tcp,Only a service name", ",2001-2009,,Reserved"],
    ["2001-2009  : Reserved"],
  ],
  "rows are in the order of their ports": [
    ["c,2003,tcp,", "b,2001-2005,tcp,", "a,2001,tcp,"],
    ["2001-2001 tcp a: ", "2001-2005 tcp b: ", "2003-2003 tcp c: "],
  ],
};

for (const [what, [rows, expected]] of Object.entries(ROWS)) {
  Deno.test(what, () => {
    const text = registry(...rows);
    // Lines may end the way the registry ends them.
    for (const each of [text, "\ufeff" + text.replaceAll("\n", "\r\n")]) {
      const short = readIana(each).rows.map(
        ({ first, last, transports, name, description }) =>
          `${first}-${last} ${transports.join("+")} ${name}: ${description}`,
      );
      assertEquals(short, expected);
    }
  });
}

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
