import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Two ports in the middle of the longest good range. */
const STORE = "[ports]\nweb = 29500\ndb = 29501\n";

interface Row {
  /** The arguments, `--store` left out. */
  readonly args: readonly string[];
  /** What the message has to say, beside what is wrong with it. */
  readonly says: readonly string[];
  readonly status?: number;
  /** Leave `--store` out: the row has one of its own. */
  readonly ownStore?: boolean;
}

const notPorts = ["0", "65536", "80.5", "abc", "", " 80", "-5", "1e3", "0x50"];
const notRanges = [
  "9-1",
  "a-b",
  "1-",
  "-9",
  "",
  "0-9",
  "70000-80000",
  "1-2-3",
];
const long = "n".repeat(256);

const ROWS: readonly Row[] = [
  ...notPorts.flatMap((port): Row[] => [
    { args: ["new", "--port", port], says: ["--port", JSON.stringify(port)] },
    { args: ["new", `--port=${port}`], says: ["--port", JSON.stringify(port)] },
  ]),
  { args: ["new", "-p", "8o"], says: ["--port", '"8o"'] },
  { args: ["new", "-p8o"], says: ["--port", '"8o"'] },

  { args: [""], says: ['""', "empty"] },
  { args: ["a\tb"], says: ['"a\\tb"', "control characters"] },
  { args: ["a\nb"], says: ['"a\\nb"', "control characters"] },
  { args: ["a\u0085b"], says: ['"a\\u{85}b"', "control characters"] },
  { args: ["\u001b[31mred"], says: ["[31mred", "control characters"] },
  { args: [long], says: ["256", "255"] },
  { args: ["\u{1f600}".repeat(256)], says: ["256", "255"] },
  { args: ["-"], says: ['"-"', "option"] },
  { args: ["--bind", "-x"], says: ['"-x"', "option"] },
  { args: ["--bind=-x"], says: ['"-x"', "option"] },
  { args: [" new"], says: ['" new"', "white space"] },
  { args: ["new "], says: ['"new "', "white space"] },
  { args: ["new\u00a0"], says: ["new", "white space"] },
  { args: ["--get", ""], says: ['""', "empty"] },
  { args: ["--unbind", " web"], says: ['" web"', "white space"] },
  { args: ["web", ""], says: ['""', "empty"] },

  { args: ["--nope", "web"], says: ["--nope"] },
  { args: ["--nope=1", "web"], says: ["--nope"] },
  { args: ["--Port", "80", "new"], says: ["--Port"] },
  { args: ["--__proto__", "web"], says: ["--__proto__"] },
  { args: ["-x", "web"], says: ["-x"] },
  { args: ["-lx"], says: ["-x"] },
  { args: ["-5", "web"], says: ["-5"] },

  { args: ["--port", "9000", "a", "b"], says: ["--port", "9000", '"a"'] },
  { args: ["--port=9000", "--port=9000", "new"], says: ["--port", "once"] },
  { args: ["-p9000", "--port=9001", "new"], says: ["--port", "once"] },
  { args: ["--port=9000", "--random", "new"], says: ["--port", "--random"] },
  { args: ["--port=9000", "--range=1-9", "new"], says: ["--port", "--range"] },

  ...notRanges.flatMap((range): Row[] => [
    { args: ["new", `--range=${range}`], says: ["--range", `"${range}"`] },
    { args: ["new", `--exclude=${range}`], says: ["--exclude", `"${range}"`] },
  ]),
  { args: ["new", "--range", "80-90"], says: ["--range 80-90", "no good"] },
  {
    args: ["new", "--exclude", "1-65535"],
    says: ["--exclude 1-65535", "no good"],
  },
  { args: ["new", "--range=1-9", "--range=1-9"], says: ["--range", "once"] },

  { args: ["new", "--port"], says: ["--port", "value"] },
  { args: ["new", "--port", "--json"], says: ["--port", "value"] },
  { args: ["new", "-p"], says: ["--port", "value"] },
  { args: ["--get"], says: ["--get", "value"] },
  { args: ["--unbind"], says: ["--unbind", "value"] },
  { args: ["--bind"], says: ["--bind", "value"] },
  { args: ["new", "--store"], says: ["--store", "value"], ownStore: true },
  { args: ["new", "--store="], says: ["--store", '""'], ownStore: true },

  { args: ["--list", "web"], says: ["--list", '"web"'] },
  { args: ["--get", "web", "db"], says: ["--get", '"db"'] },
  { args: ["--unbind", "web", "db"], says: ["--unbind", '"db"'] },
  { args: ["--list", "--get", "web"], says: ["--list", "--get"] },
  { args: ["--unbind=web", "--bind=db"], says: ["--unbind", '"db"'] },
  { args: ["--list", "--port", "9000"], says: ["--list", "--port"] },
  { args: ["--unbind", "web", "--json"], says: ["--unbind", "--json"] },
  { args: ["--user", "web"], says: ["--store", "--user"] },
  { args: ["--json"], says: ["NAME"] },

  { args: ["--json=x", "web"], says: ["--json", '"x"'] },
  { args: ["--json=", "web"], says: ["--json", '""'] },
  { args: ["--list=yes"], says: ["--list", '"yes"'] },

  { args: ["new", "--wait", "soon"], says: ["--wait", '"soon"'] },
  { args: ["new", "--wait", "-1"], says: ["--wait", '"-1"'] },
  { args: ["new", "--wait="], says: ["--wait", '""'] },

  {
    args: ["new", "--port", "29500"],
    says: ["29500", '"web"'],
    status: 1,
  },
  {
    args: ["web", "--port", "25000"],
    says: ['"web"', "25000", "29500"],
    status: 1,
  },
  { args: ["--get", "new"], says: ['"new"'], status: 1 },
  { args: ["--get", "web", "--get", "new"], says: ['"new"'], status: 1 },
  {
    args: ["new", "newer", "--range", "29500-29501"],
    says: ["--range", "no good port", "other names"],
    status: 1,
  },
];

for (const { args, says, status = 2, ownStore = false } of ROWS) {
  const shown = args.map((arg) => JSON.stringify(arg.slice(0, 40))).join(" ");
  Deno.test(`port-for ${shown} is refused with status ${status}`, async () => {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", STORE);

    const outcome = await portFor(ownStore ? args : ["--store", path, ...args]);

    assertEquals([outcome.status, outcome.stdout], [status, ""]);
    for (const part of says) assertStringIncludes(outcome.stderr, part);
    // One line, in the form of every refusal, and nothing that would confuse
    // a terminal.
    // deno-lint-ignore no-control-regex
    assert(/^port-for: cannot [^\x00-\x1f\x7f]+: .+\n$/.test(outcome.stderr));
    assertEquals(temp.read("ports.toml"), STORE);
  });
}

Deno.test("a refused command line creates nothing, not even a lock", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml")];

  await portFor([...store, "new", "--port", "0"]);
  await portFor([...store, ""]);
  await portFor([...store, "--nope"]);

  assertEquals(temp.names(), []);
});

Deno.test("without arguments, the usage is on standard error", async () => {
  const { status, stdout, stderr } = await portFor([]);

  assertEquals([status, stdout], [2, ""]);
  assertStringIncludes(stderr, "Usage: port-for [options] NAME...");
  assertStringIncludes(stderr, "port-for --help");
});

Deno.test("an option is shown without what would confuse a terminal", async () => {
  for (const arg of ["--a\nb", "--a\u001b[31mb", "-\u{1f600}"]) {
    const { status, stderr } = await portFor([arg, "web"]);

    assertEquals(status, 2);
    // deno-lint-ignore no-control-regex
    assert(/^[^\x00-\x1f\x7f\ufffd]+\n$/.test(stderr), JSON.stringify(stderr));
  }
});
