import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkReport, read } from "../support/json.ts";
import { hasNetworks, Network } from "../support/network.ts";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Nothing is wrong with these ports on a machine with the usual ranges. */
const SOUND = "[ports]\nweb = 29500\nblock = { port = 29510, count = 4 }\n";

/** What `--check` says, in both of its forms, which say the same. */
async function checked(
  store: string,
  run: typeof portFor = portFor,
): Promise<{ status: number; problems: string[]; notes: string[] }> {
  const json = await run(["--check", "--json", "--store", store]);
  const { status, stdout, stderr } = await run(["--check", "--store", store]);
  const { problems, notes } = read(checkReport, json.stdout);

  assertEquals([json.status, stderr], [status, ""]);
  const count = problems.length === 1
    ? "1 problem found"
    : `${problems.length} problems found`;
  assertEquals(stdout.trimEnd().split("\n"), [
    ...problems.map((problem) => `problem: ${problem}`),
    ...notes.map((note) => `note: ${note}`),
    problems.length === 0 ? "no problem found" : count,
  ]);
  return { status, problems: [...problems], notes: [...notes] };
}

/** `checked` of a store with this text. */
async function checkedText(text: string, run = portFor) {
  using temp = new TempFolder();
  return await checked(temp.write("ports.toml", text), run);
}

/** A problem is a line that says what to do, in brackets at its end. */
function saysWhatToDo(problem: string): boolean {
  return /\(.+\)$/.test(problem) && !problem.includes("\n");
}

Deno.test({
  name: "a sound store, an empty one and none at all have no problem",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const run: typeof portFor = (args) => network.portFor(args);
    const nothing = { status: 0, problems: [], notes: [] };
    assertEquals(await checkedText(SOUND, run), nothing);
    assertEquals(await checkedText("", run), nothing);
    using temp = new TempFolder();
    assertEquals(await checked(temp.file("ports.toml"), run), nothing);
    assertEquals(temp.names(), []);
  },
});

Deno.test({
  name: "a port in use is a note, and no problem",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const pid = await network.hold({
      port: 29500,
      how: "listening",
      host: "::1",
      name: "six",
    });
    const run: typeof portFor = (args) => network.portFor(args);
    assertEquals(await checkedText(SOUND, run), {
      status: 0,
      problems: [],
      notes: [`port 29500 of "web" is in use by six (pid ${pid})`],
    });
  },
});

Deno.test({
  name: "a port that would not be chosen now is a problem, for one reason",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const { status, problems } = await checkedText(
      `[ports]
sound = 29500
assigned = 5432
known = 25565
ephemeral = 40002
dynamic = 61005
system = 80
block = { port = 24995, count = 10 }
`,
      (args) => network.portFor(args),
    );
    const move = "(move it: take it away with --unbind and associate it again)";
    assertEquals([status, problems], [1, [
      `port 5432 of "assigned" is assigned by IANA ${move}`,
      `port 25565 of "known" is well known ${move}`,
      `port 40002 of "ephemeral" is in the ephemeral range 32768-60999 ${move}`,
      `port 61005 of "dynamic" is in the dynamic range ${move}`,
      `port 80 of "system" is a system port ${move}`,
      // Of a block, just the ports that something is wrong with.
      `port 25000-25004 of "block" is assigned by IANA ${move}`,
    ]]);
  },
});

Deno.test({
  name:
    "a range that the machine has changed is a problem, till it is reserved",
  ignore: !hasNetworks,
  fn: async () => {
    const range = "cd /proc/sys/net/ipv4; echo 20000 60999 > " +
      "ip_local_port_range";
    await using network = await Network.of(range);
    const { status, problems } = await checkedText(
      SOUND,
      (args) => network.portFor(args),
    );
    assertEquals([status, problems.length], [1, 2]);
    assertStringIncludes(
      problems[0]!,
      'port 29500 of "web" is in the ephemeral range 20000-60999',
    );
    assertStringIncludes(problems[1]!, 'port 29510-29513 of "block" is in the');

    await using reserving = await Network.of(
      `${range}; echo 29500,29510-29513 > ip_local_reserved_ports`,
    );
    const { problems: none } = await checkedText(
      SOUND,
      (args) => reserving.portFor(args),
    );
    assertEquals(none, []);
  },
});

Deno.test("what is wrong with the text is a problem with its place", async () => {
  for (
    const [text, place, problem] of [
      ["[ports\n", "line 1, column 7", "not valid TOML"],
      [
        "[ports]\na = 29500\na = 29501\n",
        "line 3, column 1",
        "not valid TOML",
      ],
      ["version = 99\n", "line 1, column 1", "version 99 is newer than this"],
      ["[ports]\n\na = 70000\n", "line 3, column 1", 'the port of "a" is not'],
    ] as const
  ) {
    const { status, problems } = await checkedText(text);
    assertEquals([status, problems.length], [1, 1]);
    assertStringIncludes(problems[0]!, `ports.toml, ${place}: `);
    assertStringIncludes(problems[0]!, problem);
  }
});

Deno.test("two names that share a port are a problem, wherever both stand", async () => {
  for (
    const [text, port] of [
      ["[ports]\na = 29500\nb = 29500\n", 29500],
      ["[ports]\na = { port = 29500, count = 4 }\nb = 29502\n", 29502],
      ["[ports]\nb = 29502\na = { port = 29500, count = 4 }\n", 29502],
    ] as const
  ) {
    const { status, problems } = await checkedText(text);
    assertEquals(status, 1);
    assert(problems.length > 0);
    for (const problem of problems) {
      assertStringIncludes(problem, `port ${port} belongs to both `);
    }
  }
});

Deno.test({
  name: "invalid names and leases that are over are problems",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const { status, problems } = await checkedText(
      `[ports]
" lead" = 29500
"" = 29501
"-dash" = 29502
"bell\\u0007" = 29503
over = { port = 29510, count = 2, expires = 2020-01-01T00:00:00Z }
`,
      (args) => network.portFor(args),
    );
    assertEquals([status, problems.length], [1, 5]);
    assert(problems.every(saysWhatToDo), problems.join("\n"));
    for (const name of ['" lead"', '""', '"-dash"', '"bell\\u0007"']) {
      const its = problems.filter((problem) =>
        problem.startsWith(`the name ${name} is not valid: `)
      );
      assertEquals(its.length, 1, name);
    }
    assertStringIncludes(
      problems[4]!,
      'the lease of "over" expired at 2020-01-01T00:00:00.000Z',
    );
  },
});

Deno.test({
  name: "what others may write is a problem: store, lock and folder",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", "");
    const lock = temp.write("ports.toml.lock", "");
    const modes = (file: number, itsLock: number, folder: number) => {
      Deno.chmodSync(store, file);
      Deno.chmodSync(lock, itsLock);
      Deno.chmodSync(temp.path, folder);
    };
    modes(0o664, 0o660, 0o775);
    assertEquals((await checked(store)).problems, []);
    modes(0o666, 0o602, 0o777);
    assertEquals((await checked(store)).problems, [
      `${store} can be written by everybody (chmod o-w ${store})`,
      `${lock} can be written by everybody (chmod o-w ${lock})`,
      `everybody can replace files in ${temp.path} (chmod o-w ${temp.path})`,
    ]);
    // In such a folder nobody replaces what is another's.
    modes(0o644, 0o600, 0o1777);
    assertEquals((await checked(store)).problems, []);

    // A symlink may be written by everybody; what it leads to counts.
    using other = new TempFolder();
    Deno.symlinkSync(store, other.file("link.toml"));
    assertEquals((await checked(other.file("link.toml"))).problems, []);
    Deno.chmodSync(store, 0o646);
    assertEquals((await checked(other.file("link.toml"))).problems, [
      `${store} can be written by everybody (chmod o-w ${store})`,
    ]);
  },
});

Deno.test("what a run that died left behind is a problem until the next change", async () => {
  using temp = new TempFolder();
  const store = temp.write("ports.toml", "");
  temp.write("ports.toml.tmp", "version = 1\n[por");
  const { status, problems } = await checked(store);
  assertEquals([status, problems.length], [1, 1]);
  assertStringIncludes(problems[0]!, `${store}.tmp was left by a port-for`);
  assert(saysWhatToDo(problems[0]!));

  assertEquals((await portFor(["--store", store, "web"])).status, 0);
  assertEquals((await checked(store)).problems, []);
});

Deno.test("a check changes nothing", async () => {
  using temp = new TempFolder();
  const text =
    "[ports]\nover = { port = 5432, expires = 2020-01-01T00:00:00Z }";
  const store = temp.write("ports.toml", text);
  temp.write("ports.toml.tmp", "");
  assertEquals((await checked(store)).problems.length, 3);
  assertEquals(temp.names(), ["ports.toml", "ports.toml.tmp"]);
  assertEquals(temp.read("ports.toml"), text);
});
