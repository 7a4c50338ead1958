import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { asUser, NOBODY, portFor, works } from "../support/program.ts";
import { explainedPorts, read } from "../support/json.ts";
import { hasNetworks, type Hold, Network } from "../support/network.ts";
import { TempFolder } from "../support/temp.ts";

const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;
const canTrace = works("strace", "-f", "true");

/** No store at all: what is said of a port does not need one. */
const NO_STORE = ["--store", "/nonexistent/ports.toml"];

function explaining(...ports: number[]): string[] {
  return [...NO_STORE, ...ports.flatMap((port) => ["--explain", `${port}`])];
}

/** The lines about one port. */
function about(port: number, stdout: string): string[] {
  const text = stdout.split("\n\n").find((text) => text.startsWith(`${port}:`));
  return text?.trimEnd().split("\n") ?? [];
}

const HOLDS: readonly (Hold & { readonly said: string })[] = [
  {
    port: 29501,
    how: "listening",
    host: "127.0.0.1",
    name: "on the loopback",
    said: "listens on tcp 127.0.0.1",
  },
  {
    port: 29502,
    how: "listening",
    host: "127.0.0.5",
    name: "elsewhere",
    said: "listens on tcp 127.0.0.5",
  },
  {
    port: 29503,
    how: "listening",
    host: "0.0.0.0",
    name: "everywhere",
    said: "listens on tcp 0.0.0.0",
  },
  {
    port: 29504,
    how: "listening",
    host: "::1",
    name: "on six",
    said: "listens on tcp ::1",
  },
  {
    port: 29505,
    how: "listening",
    host: "::",
    name: "on all of six",
    said: "listens on tcp ::",
  },
  {
    port: 29506,
    how: "connected",
    host: "127.0.0.1",
    name: "a client",
    said: "has connections from tcp 127.0.0.1",
  },
];

Deno.test({
  name: "whoever holds a port is named, with pid, user, address and how",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const pids = new Map(
      await Promise.all(
        HOLDS.map(async (hold) =>
          [hold.port, await network.hold(hold)] as const
        ),
      ),
    );
    const ports = HOLDS.map(({ port }) => port);
    const { status, stdout } = await network.portFor(explaining(...ports));

    assertEquals(status, 1);
    for (const { port, name, said } of HOLDS) {
      const who = `${name} (pid ${pids.get(port)})`;
      assertEquals(about(port, stdout), [
        `${port}: good, but in use by ${who}`,
        `  in use: ${who} of root ${said}`,
      ]);
    }
  },
});

Deno.test({
  name: "a UDP socket holds its port, which is free for TCP",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    const [port, six] = [29501, 29502];
    const pid = await network.hold({ port, how: "udp", host: "127.0.0.1" });
    await network.hold({ port: six, how: "udp connected", host: "::1" });
    const { status, stdout } = await network.portFor([
      ...explaining(port, six),
      "--json",
    ]);

    const [four, other] = read(explainedPorts, stdout);
    assertEquals([status, four?.good, four?.free], [0, true, true]);
    assertEquals(
      four?.holders.map((
        { transport, how, address, pid },
      ) => [transport, how, address, pid]),
      [["udp", "bound", "127.0.0.1", pid]],
    );
    assertEquals(
      other?.holders.map(({ transport, how }) => [transport, how]),
      [["udp", "connected"]],
    );
  },
});

Deno.test({
  name: "a socket that no table lists leads to whoever has one",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
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
    const pid = await network.hold({
      port: 29501,
      how: "bound",
      host: "127.0.0.5",
      name: "silent",
    });
    const alone = await network.portFor(explaining(29501));
    assertEquals(about(29501, alone.stdout), [
      `29501: good, but in use by silent (pid ${pid})`,
      `  in use: silent (pid ${pid}) has bound tcp and does not listen`,
    ]);

    // With two of them, nothing tells which it is.
    const other = await network.hold({
      port: 29502,
      how: "bound",
      host: "::1",
      name: "quiet",
    });
    const { stdout } = await network.portFor(explaining(29501));
    const [verdict, ...facts] = about(29501, stdout);
    for (const who of [`silent (pid ${pid})`, `quiet (pid ${other})`]) {
      assertStringIncludes(verdict!, who);
      assert(facts.some((fact) => fact.includes(`perhaps ${who}`)), stdout);
    }
  },
});

Deno.test({
  name: "a connection that is closing is not blamed on a process",
  ignore: !hasNetworks,
  fn: async () => {
    await using network = await Network.of();
    await network.run(`
import socket, sys
server = socket.socket()
server.bind(("127.0.0.1", 29500))
server.listen()
client = socket.socket()
client.bind(("127.0.0.1", 29501))
client.connect(("127.0.0.1", 29500))
client.close()
server.accept()[0].recv(1)
print("ready", flush=True)
sys.stdin.read()
`);
    const { stdout } = await network.portFor([...explaining(29501), "--json"]);
    assertEquals(read(explainedPorts, stdout)[0]?.holders, [{
      port: 29501,
      transport: "tcp",
      address: "127.0.0.1",
      how: "connected",
    }]);
  },
});

Deno.test({
  name: "a user who may not look is told so, and whose the socket is",
  // To be another user takes root.
  ignore: !hasNetworks || !isRoot,
  fn: async () => {
    using temp = new TempFolder();
    const nobody = await asUser(NOBODY, temp);
    await using network = await Network.of();
    const host = "127.0.0.1";
    await network.hold({ port: 29501, how: "listening", host });
    await network.hold({ port: 29502, how: "bound", host });
    const pid = await network.hold({
      port: 29503,
      how: "listening",
      host,
      name: "own",
      user: NOBODY,
    });
    const { stdout } = await network.portFor(
      explaining(29501, 29502, 29503),
      nobody,
    );

    const root = "a process of the user root";
    assertEquals(about(29501, stdout), [
      `29501: good, but in use by ${root}`,
      `  in use: ${root} listens on tcp ${host}`,
    ]);
    assertEquals(about(29502, stdout), [
      "29502: good, but in use by a process that cannot be seen",
      "  in use by a process that cannot be seen (try as root)",
    ]);
    assertEquals(about(29503, stdout), [
      `29503: good, but in use by own (pid ${pid})`,
      `  in use: own (pid ${pid}) of nobody listens on tcp ${host}`,
    ]);
  },
});

Deno.test({
  name: "who holds the same port in another network is not our business",
  ignore: !hasNetworks,
  fn: async () => {
    await using elsewhere = await Network.of();
    await using here = await Network.of();
    const [port, host] = [29501, "127.0.0.1"] as const;
    await elsewhere.hold({ port, how: "listening", host, name: "stranger" });
    await elsewhere.hold({ port: 29502, how: "bound", host, name: "stranger" });

    const free = await here.portFor(explaining(port, 29502));
    assertEquals(free.status, 0, free.stdout);
    const pid = await here.hold({ port, how: "listening", host, name: "ours" });
    const bound = await here.hold({ port: 29502, how: "bound", host });
    const { stdout } = await here.portFor(explaining(port, 29502));
    assertStringIncludes(stdout, `ours (pid ${pid})`);
    assertStringIncludes(stdout, `(pid ${bound}) has bound tcp`);
    assert(!stdout.includes("stranger"), stdout);
  },
});

Deno.test({
  name: "Linux is asked without any other program",
  ignore: !hasNetworks || !canTrace,
  fn: async () => {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", "[ports]\nweb = 29501\n");
    const programsOf = async (...args: string[]) => {
      const trace = temp.file("trace");
      const prefix = [
        ...["strace", "-f", "--seccomp-bpf", "-e", "trace=execve"],
        ...["-o", trace],
      ];
      await portFor(["--store", store, ...args], {
        prefix: [...network.prefix, ...prefix],
      });
      return temp.read("trace").match(/execve\(.*\) = 0$/gm)?.length;
    };
    await using network = await Network.of();
    const host = "127.0.0.1";
    await network.hold({ port: 29501, how: "listening", host });
    await network.hold({ port: 29502, how: "bound", host });

    const started = await programsOf("--version");
    assert(started !== undefined);
    for (
      const args of [
        ["--explain=29501", "--explain=29502"],
        ["--status"],
        ["--map"],
      ]
    ) {
      assertEquals(await programsOf(...args), started, args.join(" "));
    }
  },
});
