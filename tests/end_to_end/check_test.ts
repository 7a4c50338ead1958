import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { CheckReport } from "../../main.ts";
import { isRoot } from "../support/namespace.ts";
import { Network } from "../support/network.ts";
import { NOBODY } from "../support/program.ts";
import {
  LONG_AGO,
  networkTest as test,
  Store,
  unixTest,
} from "../support/store.ts";

/** Nothing is wrong with these ports on a machine with the usual ranges. */
const SOUND = "[ports]\nweb = 29500\nblock = { port = 29510, count = 4 }\n";

/** What `--check` finds, which it says in both of its forms. */
async function checked(store: Store): Promise<CheckReport> {
  const json = await store.call("--check", "--json");
  const { status, stdout, stderr } = await store.call("--check");
  const report: CheckReport = JSON.parse(json.stdout);
  const { problems, notes } = report;

  assertEquals([json.status, stderr], [status, ""]);
  assertEquals(status, problems.length === 0 ? 0 : 1);
  const [last, ...lines] = stdout.trimEnd().split("\n").toReversed();
  assertEquals(lines.toReversed(), [
    ...problems.map((problem) => `problem: ${problem}`),
    ...notes.map((note) => `note: ${note}`),
  ]);
  assert(last!.startsWith(`${problems.length || "no"} problem`), last);
  // A problem says where it is, or what to do.
  for (const problem of problems) {
    assert(/, line \d+, column \d+: |\(.+\)$/.test(problem), problem);
  }
  return report;
}

/** Asserts that a store has problems that say these things, and no others. */
async function assertProblems(
  text: string,
  ...expected: (readonly string[])[]
): Promise<void> {
  using store = new Store(text);
  const { problems } = await checked(store);
  assertEquals(problems.length, expected.length, problems.join("\n"));
  for (const [at, parts] of expected.entries()) {
    for (const part of parts) assertStringIncludes(problems[at]!, part);
  }
  // A check changes nothing.
  assertEquals(store.text, text);
  assertEquals(store.names(), ["ports.toml"]);
}

test("a sound store, an empty one and none at all have no problem", async () => {
  const nothing = { problems: [], notes: [] };
  for (const text of [SOUND, "", undefined]) {
    using store = new Store(text);
    assertEquals(await checked(store), nothing);
  }
});

test("a port in use is a note, and no problem", async (network) => {
  const six = { port: 29500, host: "::1", name: "six" };
  const pid = await network.hold({ ...six, how: "listening" });
  await network.hold({ port: 29512, how: "listening" });
  using store = new Store(SOUND);
  const { problems, notes } = await checked(store);

  assertEquals([problems.length, notes.length], [0, 2]);
  for (const part of ["29500", '"web"', `six (pid ${pid})`]) {
    assertStringIncludes(notes[0]!, part);
  }
  // Of a block, just the port that is in use.
  assertStringIncludes(notes[1]!, "port 29512 ");
});

test("a port that would not be chosen now is a problem, for one reason", async () => {
  await assertProblems(
    `[ports]
sound = 29500
assigned = 5432
known = 25565
ephemeral = 40002
dynamic = 61005
system = 80
block = { port = 24995, count = 10 }
`,
    ["5432", '"assigned"', "assigned by IANA", "--unbind"],
    ["25565", '"known"', "well known"],
    ["40002", '"ephemeral"', "32768-60999"],
    ["61005", '"dynamic"', "dynamic range"],
    ["80", '"system"', "system port"],
    // Of a block, just the ports that something is wrong with.
    ["25000-25004", '"block"', "assigned by IANA"],
  );
});

test("a range that the machine has changed is a problem, till it is reserved", async () => {
  const range = "cd /proc/sys/net/ipv4; echo 20000 60999 > ip_local_port_range";
  using store = new Store(SOUND);
  await using network = await Network.of(range);
  store.network = network;
  const { problems } = await checked(store);
  assertEquals(problems.length, 2);
  for (const problem of problems) {
    assertStringIncludes(problem, "20000-60999");
  }
  assertStringIncludes(problems[1]!, "29510-29513");

  await using reserving = await Network.of(
    `${range}; echo 29500,29510-29513 > ip_local_reserved_ports`,
  );
  store.network = reserving;
  assertEquals((await checked(store)).problems, []);
});

Deno.test("what is wrong with the text is a problem with its place", async () => {
  const place = (line: number, column: number) =>
    `ports.toml, line ${line}, column ${column}: `;
  await assertProblems("[ports\n", [place(1, 7)]);
  await assertProblems("[ports]\na = 29500\na = 29501\n", [place(3, 1)]);
  await assertProblems("version = 99\n", [place(1, 1), "99"]);
  await assertProblems("[ports]\n\na = 70000\n", [place(3, 1), '"a"']);
});

Deno.test("two names that share a port are a problem, wherever both stand", async () => {
  const [block, inside] = ["a = { port = 29500, count = 4 }", "b = 29502"];
  for (
    const [entries, port] of [
      [["a = 29500", "b = 29500"], 29500],
      [[block, inside], 29502],
      [[inside, block], 29502],
    ] as const
  ) {
    const both = [`${port}`, '"a"', '"b"'];
    await assertProblems(`[ports]\n${entries.join("\n")}\n`, both, both);
  }
});

test("invalid names and leases that are over are problems", async () => {
  await assertProblems(
    `[ports]
" lead" = 29500
"" = 29501
"-dash" = 29502
"bell\\u0007" = 29503
over = { port = 29510, count = 2, expires = ${LONG_AGO} }
`,
    ['" lead"', "valid"],
    ['""', "valid"],
    ['"-dash"', "valid"],
    ['"bell\\u0007"', "valid"],
    ['"over"', "2020-01-01T00:00:00"],
  );
});

unixTest(
  "what others may write is a problem: store, lock and folder",
  async () => {
    using store = new Store("");
    const lock = store.write("ports.toml.lock", "");
    const modes = (file: number, itsLock: number, folder: number) => {
      Deno.chmodSync(store.storePath, file);
      Deno.chmodSync(lock, itsLock);
      Deno.chmodSync(store.path, folder);
    };
    modes(0o664, 0o660, 0o775);
    assertEquals((await checked(store)).problems, []);
    modes(0o666, 0o602, 0o777);
    const paths = [store.storePath, lock, store.path];
    const { problems } = await checked(store);
    assertEquals(problems.length, 3);
    for (const [at, path] of paths.entries()) {
      assertStringIncludes(problems[at]!, `(chmod o-w ${path})`);
    }
    // In such a folder nobody replaces what is another's.
    modes(0o644, 0o600, 0o1777);
    assertEquals((await checked(store)).problems, []);

    // A symlink may be written by everybody; what it leads to counts.
    using link = new Store();
    Deno.symlinkSync(store.storePath, link.storePath);
    assertEquals((await checked(link)).problems, []);
    Deno.chmodSync(store.storePath, 0o646);
    const [problem] = (await checked(link)).problems;
    assertStringIncludes(problem!, `(chmod o-w ${store.storePath})`);
  },
);

Deno.test("what a run that died left behind is a problem until the next change", async () => {
  using store = new Store("");
  store.write("ports.toml.tmp", "version = 1\n[por");
  const { problems } = await checked(store);
  assertEquals(problems.length, 1);
  assertStringIncludes(problems[0]!, `${store.storePath}.tmp`);

  await store.print("web");
  assertEquals((await checked(store)).problems, []);
});

Deno.test({
  name: "a lock that keeps every change from the store is a problem",
  // To give a file away takes root.
  ignore: !isRoot,
  fn: async () => {
    using store = new Store("[ports]\nweb = 29500\n");
    const lock = store.write("ports.toml.lock", "");
    Deno.chownSync(lock, NOBODY, NOBODY);

    await store.refuses(["new"], 1, lock);
    const [problem] = (await checked(store)).problems;
    assertStringIncludes(problem!, lock);
  },
});

test("ports that a policy takes from the dynamic range are no problem", async () => {
  using store = new Store('[policy]\nrange = "61000-65000"\n[ports]\n');
  const port = await store.print("web");

  assertEquals((await checked(store)).problems, []);
  const explained = await store.print("--explain", port.trim());
  assertStringIncludes(explained, ": good and free");
});
