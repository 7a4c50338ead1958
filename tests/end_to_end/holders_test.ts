import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ExplainedPort } from "../../main.ts";
import { isRoot } from "../support/namespace.ts";
import { type Hold, Network } from "../support/network.ts";
import { asUser, NOBODY, works } from "../support/program.ts";
import { networkTest as test, Store } from "../support/store.ts";
import { TempFolder } from "../support/temp.ts";

function explaining(...ports: number[]): string[] {
  return ports.flatMap((port) => ["--explain", `${port}`]);
}

/** What is said about ports, port by port, line by line. */
async function about(
  ports: readonly number[],
  call: (...args: string[]) => Promise<{ stdout: string }>,
): Promise<string[][]> {
  const { stdout } = await call(...explaining(...ports));
  return stdout.split("\n\n").map((text) => text.trimEnd().split("\n"));
}

/** Who holds a port, as JSON has it. */
async function holdersOf(store: Store, ...ports: number[]) {
  const { stdout } = await store.call(...explaining(...ports), "--json");
  return (JSON.parse(stdout) as ExplainedPort[]).map(({ holders }) => holders);
}

/** Whose processes tests start. */
const USER = new TextDecoder().decode(
  Deno.build.os === "linux"
    ? new Deno.Command("id", { args: ["-un"], stderr: "null" }).outputSync()
      .stdout
    : new Uint8Array(),
).trim();

const HOLDS: readonly Hold[] = [
  { port: 29501, how: "listening", host: "127.0.0.1", name: "on loopback" },
  { port: 29502, how: "listening", host: "127.0.0.5", name: "elsewhere" },
  { port: 29503, how: "listening", host: "0.0.0.0", name: "everywhere" },
  { port: 29504, how: "listening", host: "::1", name: "on six" },
  { port: 29505, how: "listening", host: "::", name: "on all of six" },
  { port: 29506, how: "connected", host: "127.0.0.1", name: "a client" },
];

test("whoever holds a port is named, with pid, user, address and how", async (network) => {
  using store = new Store();
  const pids = await Promise.all(HOLDS.map((hold) => network.hold(hold)));
  const ports = HOLDS.map(({ port }) => port);
  const said = await about(ports, (...args) => store.call(...args));

  for (const [at, { name, port, host, how }] of HOLDS.entries()) {
    const who = `${name} (pid ${pids[at]})`;
    const [verdict, fact, ...more] = said[at]!;
    assert(verdict!.startsWith(`${port}: good, but in use`), verdict);
    assertStringIncludes(verdict!, who);
    const does = how === "listening" ? "listens" : "connections";
    for (const part of [who, ` ${USER}`, does, `tcp ${host}`]) {
      assertStringIncludes(fact!, part);
    }
    assertEquals(more, []);
  }
});

test("a UDP socket holds its port, which is free for TCP", async (network) => {
  using store = new Store();
  const pid = await network.hold({ port: 29501, how: "udp" });
  await network.hold({ port: 29502, how: "udp connected", host: "::1" });
  await network.hold({ port: 29503, how: "udp connected", name: "u" });
  await network.hold({ port: 29503, how: "listening", name: "t" });
  const ports = [29501, 29502, 29503];
  const { stdout } = await store.call(...explaining(...ports), "--json");
  const explained: ExplainedPort[] = JSON.parse(stdout);

  assertEquals(
    explained.map(({ good, free, holders }) => [
      ...[good, free],
      ...holders.map(({ transport, how }) => `${transport} ${how}`).sort(),
    ]),
    [
      [true, true, "udp bound"],
      [true, true, "udp connected"],
      [true, false, "tcp listening", "udp connected"],
    ],
  );
  const [{ address, pid: its }] = explained[0]!.holders as [
    ExplainedPort["holders"][number],
  ];
  assertEquals([address, its], ["127.0.0.1", pid]);
});

test("a socket that no table lists leads to whoever has one", async (network) => {
  using store = new Store();
  // Other sockets of other processes are listed, and not mistaken for it.
  await network.run(`
import socket, sys
a = socket.socket(socket.AF_UNIX)
b = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
b.bind((0, 0))
c = socket.socketpair()
print("ready", flush=True)
sys.stdin.read()
`);
  const silent = { port: 29501, how: "bound", host: "127.0.0.5" } as const;
  const pid = await network.hold({ ...silent, name: "silent" });
  const [[verdict, fact] = []] = await about(
    [29501],
    (...args) => store.call(...args),
  );
  for (const line of [verdict, fact]) {
    assertStringIncludes(line!, `silent (pid ${pid})`);
    // Who is not root cannot tell what others have.
    assertEquals(line!.includes("perhaps"), !isRoot, line);
  }

  // With two of them, nothing tells which it is.
  const quiet = { port: 29502, how: "bound", host: "::1" } as const;
  const other = await network.hold({ ...quiet, name: "quiet" });
  const [unsure] = await about([29501], (...args) => store.call(...args));
  for (const who of [`silent (pid ${pid})`, `quiet (pid ${other})`]) {
    assertStringIncludes(unsure![0]!, who);
    assert(
      unsure!.some((fact) => fact.includes(`perhaps ${who}`)),
      `${unsure}`,
    );
  }
});

test("a connection that is closing is not blamed on a process", async () => {
  using store = new Store();
  // It outlives its process for a while.
  await using network = await Network.of();
  store.network = network;
  await network.run(`
import socket, sys
server = socket.create_server(("127.0.0.1", 29500))
client = socket.create_connection(("127.0.0.1", 29500), None, ("127.0.0.1", 29501))
client.close()
server.accept()[0].recv(1)
print("ready", flush=True)
sys.stdin.read()
`);

  assertEquals(await holdersOf(store, 29501), [[{
    port: 29501,
    transport: "tcp",
    address: "127.0.0.1",
    how: "connected",
  }]]);
});

test("what a process calls itself does not steer the terminal", async (network) => {
  using store = new Store("[ports]\nweb = 29500\n");
  const name = "\u001b[31m\nno one";
  await network.hold({ port: 29500, how: "listening", name });
  for (const args of [["--explain=29500"], ["--status"], ["--check"]]) {
    const { stdout } = await store.call(...args);
    assert(!stdout.includes("\u001b"), stdout);
    assert(!stdout.includes("\nno one"), stdout);
  }
});

test("who holds the same port in another network is not our business", async (network) => {
  using store = new Store();
  await using elsewhere = await Network.of();
  const [listens, binds] = [
    { port: 29501, how: "listening" },
    { port: 29502, how: "bound" },
  ] as const;
  await elsewhere.hold({ ...listens, name: "stranger" });
  await elsewhere.hold({ ...binds, name: "stranger" });

  await store.print(...explaining(29501, 29502));
  const pids = [
    await network.hold({ ...listens, name: "ours" }),
    await network.hold({ ...binds, name: "ours" }),
  ];
  const { stdout } = await store.call(...explaining(29501, 29502));
  for (const pid of pids) assertStringIncludes(stdout, `ours (pid ${pid})`);
  assert(!stdout.includes("stranger"), stdout);
});

const TABLES = /"\/proc\/net\/(tcp|udp)6?"/g;

test(
  "Linux is asked without any other program, and each table once",
  async (network) => {
    using store = new Store("[ports]\na = 29501\nb = 29502\n");
    await network.hold({ port: 29501, how: "listening" });
    await network.hold({ port: 29502, how: "bound" });
    const traced = async (...args: string[]) => {
      const trace = [
        "-e",
        "trace=execve,openat,open",
        "-o",
        store.file("trace"),
      ];
      const prefix = ["strace", "-f", "--seccomp-bpf", ...trace];
      await store.callWith({ prefix }, ...args);
      const calls = store.read("trace");
      return {
        programs: calls.match(/execve\(.*\) = 0$/gm)?.length,
        tables: calls.match(TABLES) ?? [],
        ranges: calls.match(/ip_local_port_range"/g)?.length,
      };
    };

    const { programs } = await traced("--version");
    assert(programs !== undefined);
    const explain = explaining(29501, 29502);
    for (const args of [explain, ["--status"], ["--map"], ["--check"]]) {
      const seen = await traced(...args);
      assertEquals(seen.programs, programs, args.join(" "));
      assert(seen.tables.length > 0, args.join(" "));
      assertEquals(new Set(seen.tables).size, seen.tables.length);
      // Elsewhere than on Linux, each time is a program to run.
      if (args.includes("--check")) assertEquals(seen.ranges, 1);
    }
  },
  works("strace", "-f", "true"),
);

/** A test that becomes other users, or makes containers. */
function rootTest(name: string, fn: (network: Network) => Promise<void>): void {
  test(name, fn, isRoot);
}

rootTest(
  "a user who may not look is told so, and whose the socket is",
  async (network) => {
    using store = new Store();
    using own = new TempFolder();
    const nobody = await asUser(NOBODY, own);
    await network.hold({ port: 29501, how: "listening" });
    await network.hold({ port: 29502, how: "bound" });
    const hold = { port: 29503, how: "listening", name: "own" } as const;
    const pid = await network.hold({ ...hold, user: NOBODY });
    const [roots, unseen, owns] = await about(
      [29501, 29502, 29503],
      (...args) => store.callWith(nobody, ...args),
    );

    for (const line of roots!) assertStringIncludes(line, "user root");
    assertStringIncludes(unseen!.join("\n"), "try as root");
    for (const part of [`own (pid ${pid})`, " nobody "]) {
      assertStringIncludes(owns![1]!, part);
    }
    // Who may not bind a port is not told that it can be bound.
    const [system] = await about(
      [81],
      (...args) => store.callWith(nobody, ...args),
    );
    assert(!system!.join("\n").includes("it can be bound"), `${system}`);
  },
);

rootTest(
  "a process that has gone to another network is known by its socket here",
  async (network) => {
    using store = new Store();
    const pid = await network.run(`
import ctypes, socket, sys
server = socket.create_server(("127.0.0.1", 29500))
assert ctypes.CDLL(None).unshare(0x40000000) == 0
print("ready", flush=True)
sys.stdin.read()
`);

    assertEquals((await holdersOf(store, 29500))[0]?.[0]?.pid, pid);
  },
);

rootTest(
  "in a container, nobody is accused of what a process outside may hold",
  async (network) => {
    using store = new Store();
    await network.hold({ port: 29500, how: "bound" });
    // The network is that of the machine, the processes are not.
    const container = ["unshare", "--pid", "--fork", "--mount-proc"];
    const innocent = `/usr/bin/python3 -c '
import socket, subprocess, sys
idle = socket.socket()
sys.exit(subprocess.run(sys.argv[1:]).returncode)' "$@"`;
    const explain = explaining(29500);
    const alone = await store.callWith({ prefix: container }, ...explain);
    assert(!alone.stdout.includes("try as root"), alone.stdout);
    const { stdout } = await store.callWith({
      prefix: [...container, "sh", "-c", innocent, "sh"],
    }, ...explain);
    assert(!stdout.includes("in use by python3"), stdout);
  },
);
