import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { columnsOf } from "../../lib/cli/text.ts";
import { readHolders } from "../../lib/machine/listeners.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { bareMachine, systemError } from "../support/fake_runtime.ts";
import { hasNetworks, Network } from "../support/network.ts";
import { hasTerminals, inTerminal } from "../support/looking_terminal.ts";
import { asUser, NOBODY, portFor, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;
const canTrace = works("strace", "-f", "true");
const NO_STORE = ["--store", "/nonexistent/ports.toml"];
const host = "127.0.0.1";

/** A system that has these tools. */
function having(os: string, tools: Readonly<Record<string, string>>): Runtime {
  return bareMachine({
    os,
    run: (command) => {
      const output = tools[command];
      if (output === undefined) throw systemError("ENOENT");
      return { status: 0, output };
    },
  });
}

Deno.test({
  name: "what a process calls itself does not steer the terminal",
  ignore: !hasNetworks,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", "[ports]\nweb = 29500\n");
    await using network = await Network.of();
    await network.hold({
      port: 29500,
      how: "listening",
      host,
      name: "\u001b[31m\nno one",
    });
    for (const args of [["--explain=29500"], ["--status"], ["--check"]]) {
      const { stdout } = await network.portFor(["--store", store, ...args]);
      assert(!stdout.includes("\u001b"), stdout);
      assert(!stdout.includes("\nno one"), stdout);
    }
  },
});

Deno.test({
  name:
    "each table of the kernel is read once, however many ports are looked at",
  ignore: !hasNetworks || !canTrace,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", "[ports]\na = 29501\nb = 29502\n");
    await using network = await Network.of();
    await network.hold({ port: 29501, how: "bound", host });
    await network.hold({ port: 29502, how: "bound", host });
    for (
      const args of [["--status"], ["--explain=29501", "--explain=29502"]]
    ) {
      const trace = temp.file("trace");
      await network.portFor(["--store", store, ...args], {
        prefix: [
          ...["strace", "-f", "--seccomp-bpf", "-e", "trace=openat,open"],
          ...["-o", trace],
        ],
      });
      const opened = temp.read("trace")
        .match(/"\/proc\/net\/(tcp6?|udp6?)"/g) ?? [];
      assertEquals(opened.toSorted(), [...new Set(opened)].toSorted());
    }
  },
});

Deno.test({
  name: "a check asks the system once for its ephemeral range",
  // Elsewhere than on Linux, each time is a program to run.
  ignore: !hasNetworks || !canTrace,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", "[ports]\na = 29501\nb = 29502\n");
    const trace = temp.file("trace");
    await portFor(["--store", store, "--check"], {
      prefix: [
        ...["strace", "-f", "--seccomp-bpf", "-e", "trace=openat,open"],
        ...["-o", trace],
      ],
    });
    const opened = temp.read("trace").match(/ip_local_port_range"/g);
    assertEquals(opened?.length, 1);
  },
});

Deno.test({
  name: "a note about a block is about the port of it that is in use",
  ignore: !hasNetworks,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write(
      "ports.toml",
      "[ports]\nblock = { port = 29510, count = 4 }\n",
    );
    await using network = await Network.of();
    await network.hold({ port: 29512, how: "listening", host });
    const { stdout } = await network.portFor(["--check", "--store", store]);
    assertStringIncludes(stdout, 'port 29512 of "block" is in use by ');
  },
});

Deno.test({
  name: "a lock that keeps every change from the store is a problem",
  // To give a file away takes root.
  ignore: !isRoot,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", "[ports]\nweb = 29500\n");
    const lock = temp.write("ports.toml.lock", "");
    Deno.chownSync(lock, NOBODY, NOBODY);
    const change = await portFor(["--store", store, "new"]);
    assertEquals(change.status, 1);
    assertStringIncludes(change.stderr, lock);
    const { stdout } = await portFor(["--check", "--store", store]);
    assertStringIncludes(stdout, `problem: `);
    assertStringIncludes(stdout, lock);
  },
});

Deno.test({
  name: "a terminal that does not say how wide it is has names in full",
  ignore: !hasTerminals,
  fn: async () => {
    using temp = new TempFolder();
    const name = "a/name/that/is/quite/long";
    const store = temp.write("ports.toml", `[ports]\n"${name}" = 61501\n`);
    const { stdout } = await inTerminal(0, ["--status", "--store", store]);
    assertStringIncludes(stdout, name);
  },
});

Deno.test("columns are those of the terminal for all the scripts of the world", () => {
  for (
    const [text, columns] of [
      // Rare Han, vertical forms, and old Korean letters.
      ["\u{20bb7}", 2],
      ["\ufe10", 2],
      ["\ua960", 2],
      // A syllable in parts is as wide as in one.
      ["\u1112\u1161\u11ab", 2],
      // Vowels of Hindi that stand beside their letter.
      ["\u0939\u093f\u0928\u094d\u0926\u0940", 5],
    ] as const
  ) {
    assertEquals(columnsOf(text), columns, text);
  }
});

Deno.test("a lease's end is shown in UTC, as it says, wherever it was written", async () => {
  using temp = new TempFolder();
  const store = temp.write(
    "ports.toml",
    "[ports]\nover = { port = 61501, expires = 2020-01-01T00:00:00+01:00 }\n",
  );
  const { stdout } = await portFor(["--status", "--store", store]);
  assertStringIncludes(stdout, "expired 2019-12-31 23:00Z");
});

Deno.test("a socket that FreeBSD knows no process of has none", () => {
  const sockstat =
    `USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS
?        ?          ?     ?   tcp4   127.0.0.1:8080        127.0.0.1:50001
`;
  const seen = readHolders(having("freebsd", { sockstat }), new Set([8080]));
  for (const { pid, process, user } of seen.get(8080) ?? []) {
    assertEquals([pid, process, user], [undefined, undefined, undefined]);
  }
});

Deno.test("what sockstat of NetBSD says is read too", () => {
  const sockstat =
    `USER     COMMAND    PID   FD PROTO  LOCAL ADDRESS         FOREIGN ADDRESS
www      nginx      100    6 tcp    *.8080                *.*
www      nginx      100    7 tcp6   ::1.8081              *.*
`;
  const seen = readHolders(
    having("netbsd", { sockstat }),
    new Set([8080, 8081]),
  );
  assertEquals([...seen.keys()], [8080, 8081]);
});

Deno.test("a connection that Windows is closing is not blamed on a process", () => {
  const runtime = having("windows", {
    netstat:
      "  TCP    127.0.0.1:50001        127.0.0.1:8080         TIME_WAIT       0\r\n",
    tasklist: '"System Idle Process","0","Services","0","8 K"\r\n',
  });
  const [holder] = readHolders(runtime, new Set([50001])).get(50001) ?? [];
  assertEquals([holder?.pid, holder?.process], [undefined, undefined]);
});

Deno.test({
  name: "a UDP socket is told of beside another process that listens on TCP",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const port = 29500;
    await network.hold({ port, how: "listening", host, name: "t" });
    await network.hold({ port, how: "udp connected", host, name: "u" });
    const { stdout } = await network.portFor([...NO_STORE, "--explain=29500"]);
    assertStringIncludes(stdout, "in use: t (pid ");
    assertStringIncludes(stdout, "in use: u (pid ");
  },
});

Deno.test({
  name:
    "a process that has gone to another network is known by its socket here",
  ignore: !hasNetworks || !isRoot,
  fn: async () => {
    await using network = await Network.of();
    const pid = await network.run(`
import ctypes, socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 29500))
server.listen()
assert ctypes.CDLL(None).unshare(0x40000000) == 0
print("ready", flush=True)
sys.stdin.read()
`);
    const { stdout } = await network.portFor([...NO_STORE, "--explain=29500"]);
    assertStringIncludes(stdout, `(pid ${pid})`);
  },
});

Deno.test({
  name: "in a container, nobody is accused of what a process outside may hold",
  ignore: !hasNetworks || !isRoot,
  fn: async () => {
    await using network = await Network.of();
    await network.hold({ port: 29500, how: "bound", host });
    // The network is that of the machine, the processes are not.
    const container = ["unshare", "--pid", "--fork", "--mount-proc"];
    const innocent = `/usr/bin/python3 -c '
import socket, subprocess, sys
idle = socket.socket()
sys.exit(subprocess.run(sys.argv[1:]).returncode)' "$@"`;
    const explain = [...NO_STORE, "--explain=29500"];
    const alone = await network.portFor(explain, { prefix: container });
    assert(!alone.stdout.includes("try as root"), alone.stdout);
    const { stdout } = await network.portFor(explain, {
      prefix: [...container, "sh", "-c", innocent, "sh"],
    });
    assert(!stdout.includes("in use by python3"), stdout);
  },
});

Deno.test("ports that a policy takes from the dynamic range are no problem", async () => {
  using temp = new TempFolder();
  const store = temp.write(
    "ports.toml",
    '[policy]\nrange = "61000-65000"\n[ports]\n',
  );
  const chosen = await portFor(["--store", store, "web"]);
  assertEquals(chosen.status, 0);
  const { stdout } = await portFor(["--store", store, "--check"]);
  assert(!stdout.includes("problem: "), stdout);
  const args = ["--store", store, "--explain", chosen.stdout.trim()];
  assertStringIncludes((await portFor(args)).stdout, ": good and free");
});

Deno.test({
  name: "a port that this user may not bind is not said to be free to bind",
  ignore: !hasNetworks || !isRoot,
  fn: async () => {
    using temp = new TempFolder();
    await using network = await Network.of();
    const { stdout } = await network.portFor(
      [...NO_STORE, "--explain=81"],
      await asUser(NOBODY, temp),
    );
    assert(!stdout.includes("it can be bound"), stdout);
  },
});
