import { assertEquals } from "@std/assert";
import { Store } from "../support/store.ts";

/** Two ports in the middle of the longest good range. */
const STORE = "[ports]\nweb = 29500\ndb = 29501\n";

interface Row {
  /** The arguments, `--store` left out. */
  readonly args: readonly string[];
  /** What the message has to say, beside what is wrong with it. */
  readonly says: readonly string[];
  readonly status?: 1;
  /** Leave `--store` out: the row has one of its own. */
  readonly ownStore?: boolean;
}

const long = "n".repeat(256);

// What is wrong in a name, a port, a range or a combination is told by tests of
// their own; here is one of each kind, or of each way in which it can be given.
const ROWS: readonly Row[] = [
  ...["0", "65536", "80.5", "abc", "", " 80", "-5", "1e3", "0x50"]
    .map((port) => ({
      args: ["new", "--port", port],
      says: ["--port", JSON.stringify(port)],
    })),
  { args: ["new", "--port=8o"], says: ["--port", '"8o"'] },
  { args: ["new", "-p8o"], says: ["--port", '"8o"'] },

  { args: [""], says: ['""', "empty"] },
  { args: ["a\nb"], says: ['"a\\nb"', "control characters"] },
  { args: ["a\u0085b"], says: ['"a\\u{85}b"', "control characters"] },
  { args: ["\u001b[31mred"], says: ["[31mred", "control characters"] },
  { args: [long], says: ["256", "255"] },
  { args: ["\u{1f600}".repeat(256)], says: ["256", "255"] },
  { args: ["-"], says: ['"-"', "option"] },
  { args: ["--bind=-x"], says: ['"-x"', "option"] },
  { args: ["new\u00a0"], says: ["new", "white space"] },
  { args: ["--get", ""], says: ['""', "empty"] },
  { args: ["--unbind", " web"], says: ['" web"', "white space"] },
  { args: ["web", ""], says: ['""', "empty"] },

  { args: ["--nope=1", "web"], says: ["--nope"] },
  { args: ["--__proto__", "web"], says: ["--__proto__"] },
  { args: ["-lx"], says: ["-x"] },
  { args: ["--a\nb"], says: ["--a"] },
  { args: ["--a\u001b[31mb", "web"], says: ["--a"] },
  { args: ["-\u{1f600}", "web"], says: ["option -"] },

  { args: ["--port=9000", "a", "b"], says: ["--port", "9000", '"a"'] },
  { args: ["-p9000", "--port=9001", "new"], says: ["--port", "once"] },
  { args: ["--port=9000", "--random", "new"], says: ["--port", "--random"] },
  { args: ["--list", "web"], says: ["--list", '"web"'] },
  { args: ["--unbind=web", "--bind=db"], says: ["--unbind", '"db"'] },
  { args: ["--list", "--port", "9000"], says: ["--list", "--port"] },
  { args: ["--user", "web"], says: ["--store", "--user"] },
  { args: ["--json"], says: ["NAME"] },
  { args: ["--json=", "web"], says: ["--json", '""'] },

  ...["9-1", "a-b", "1-", "-9", "", "0-9", "70000-80000", "1-2-3"]
    .flatMap((range) =>
      ["range", "exclude"].map((option) => ({
        args: ["new", `--${option}=${range}`],
        says: [`--${option}`, `"${range}"`],
      }))
    ),
  { args: ["new", "--range", "80-90"], says: ["--range 80-90", "no good"] },
  {
    args: ["new", "--exclude", "1-65535"],
    says: ["--exclude 1-65535", "no good"],
  },

  { args: ["new", "--port", "--json"], says: ["--port", "value"] },
  { args: ["--get"], says: ["--get", "value"] },
  { args: ["new", "--store"], says: ["--store", "value"], ownStore: true },
  { args: ["new", "--store="], says: ["--store", '""'], ownStore: true },
  { args: ["new", "--wait", "soon"], says: ["--wait", '"soon"'] },
  { args: ["new", "--wait", "-1"], says: ["--wait", '"-1"'] },
  { args: ["new", "--wait="], says: ["--wait", '""'] },

  { args: ["new", "-p29500"], says: ["29500", '"web"'], status: 1 },
  { args: ["web", "-p25000"], says: ['"web"', "25000", "29500"], status: 1 },
  {
    args: ["new", "newer", "--range", "29500-29501"],
    says: ["29500-29501", "no good port", "2 belong to other names"],
    status: 1,
  },
];

for (const { args, says, status = 2, ownStore = false } of ROWS) {
  const shown = args.map((arg) => JSON.stringify(arg.slice(0, 40))).join(" ");
  Deno.test(`port-for ${shown} is refused with status ${status}`, async () => {
    using store = new Store(STORE);
    const where = ownStore ? [] : ["--store", store.storePath];

    await store.refuses([...where, ...args], status, ...says);
    assertEquals(store.text, STORE);
    // A line that is wrong by itself is none for which to make a lock.
    if (status === 2 && !says.includes("no good")) {
      assertEquals(store.names(), ["ports.toml"]);
    }
  });
}
