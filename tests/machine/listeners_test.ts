import { assert, assertEquals } from "@std/assert";
import {
  type Holder as HolderSeen,
  holdersOf,
  readHolders,
  readPortsInUse,
} from "../../lib/machine/listeners.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import {
  bareMachine,
  quietLinux,
  systemError,
} from "../support/fake_runtime.ts";
import {
  freePort,
  hasIpv6,
  Holder,
  type HoldKind,
} from "../support/holders.ts";

const isLinux = Deno.build.os === "linux";

for (
  const [kind, host, expected] of [
    ["listening", "127.0.0.1", "tcp listening on 127.0.0.1"],
    ["listening", "127.0.0.5", "tcp listening on 127.0.0.5"],
    ["listening", "0.0.0.0", "tcp listening on 0.0.0.0"],
    ["listening", "::1", "tcp listening on ::1"],
    ["listening", "::", "tcp listening on ::"],
    ["udp", "127.0.0.1", "udp bound on 127.0.0.1"],
    ["udp", "::", "udp bound on ::"],
  ] satisfies [HoldKind, string, string][]
) {
  Deno.test({
    name: `Linux says who holds a port: ${expected}`,
    ignore: !isLinux || (host.includes(":") && !hasIpv6),
    fn: async () => {
      const port = await freePort();
      await using holder = await Holder.of(port, kind, host);
      const seen = readHolders(currentRuntime, new Set([port])).get(port) ?? [];
      assertEquals(seen.map(short), [`${expected} by ${holder.pid}`]);
      assert(seen[0]?.process?.startsWith("python3"), seen[0]?.process);
      assertEquals(seen[0]?.user !== undefined, true);
      assertEquals(readPortsInUse(currentRuntime).has(port), kind !== "udp");
    },
  });
}

/** A holder in one line. */
function short({ transport, how, address, pid }: HolderSeen): string {
  return `${transport} ${how} on ${address} by ${pid}`;
}

Deno.test({
  name: "Linux does not list who has only bound a port; that is a guess",
  ignore: !isLinux,
  fn: async () => {
    const port = await freePort();
    await using holder = await Holder.of(port, "bound", "127.0.0.1");
    const listed = readHolders(currentRuntime, new Set([port]));
    assertEquals(listed.get(port), undefined);
    const suspects = holdersOf(port, true, listed, currentRuntime);
    // Others on this machine may have such a socket too.
    const it = suspects.find(({ pid }) => pid === holder.pid);
    assertEquals([it?.port, it?.how], [port, "bound"]);
    if (suspects.length > 1) assert(suspects.every((one) => one.uncertain));
    assertEquals(holdersOf(port, false, listed, currentRuntime), []);
  },
});

Deno.test("nobody holds a port of a machine without sockets", () => {
  const ports = new Set([29500]);
  assertEquals(readHolders(quietLinux(), ports).size, 0);
  assertEquals(holdersOf(29500, true, new Map(), quietLinux()), []);
  assertEquals(readPortsInUse(quietLinux()).size, 0);
});

const LSOF = `p100
cnginx
Lwww
f6
PTCP
n*:8080
TST=LISTEN
f7
PTCP
n127.0.0.1:8080->127.0.0.1:50001
TST=ESTABLISHED
f8
PTCP
n[::1]:8081
TST=LISTEN
p200
csyslogd
Lroot
f3
PUDP
n*:8082
f4
PUDP
n*:*
f5
PTCP
n127.0.0.1:50001->127.0.0.1:8080
TST=ESTABLISHED
`;

const SOCKSTAT =
  `USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS
www      nginx      100   6   tcp4   *:8080                *:*
www      nginx      100   7   tcp4   127.0.0.1:8080        127.0.0.1:50001
www      nginx      100   8   tcp6   ::1:8081              *:*
root     syslogd    200   3   udp46  *:8082                *:*
root     syslogd    200   5   tcp4   127.0.0.1:50001       127.0.0.1:8080
`;

const NETSTAT = `
Aktive Verbindungen

  Proto  Lokale Adresse         Remoteadresse          Status           PID
  TCP    0.0.0.0:8080           0.0.0.0:0              ABH\u00d6REN         100
  TCP    127.0.0.1:8080         127.0.0.1:50001        HERGESTELLT     100
  TCP    [::1]:8081             [::]:0                 ABH\u00d6REN         100
  UDP    0.0.0.0:8082           *:*                                    200
  TCP    127.0.0.1:50001        127.0.0.1:8080         HERGESTELLT     200
`;

const TASKLIST = `"nginx.exe","100","Services","0","12.345 K"
"svchost.exe","200","Services","0","1.234 K"
`;

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

for (
  const [system, runtime, anywhere, who] of [
    ["a Mac", having("darwin", { lsof: LSOF }), "*", ["nginx", "www"]],
    ["FreeBSD", having("freebsd", { sockstat: SOCKSTAT }), "*", [
      "nginx",
      "www",
    ]],
    [
      "Windows",
      having("windows", { netstat: NETSTAT, tasklist: TASKLIST }),
      "0.0.0.0",
      ["nginx.exe", undefined],
    ],
    [
      "a Windows without names",
      having("windows", { netstat: NETSTAT.replaceAll("\n", "\r\n") }),
      "0.0.0.0",
      [undefined, undefined],
    ],
  ] as const
) {
  Deno.test(`${system} says who holds a port`, () => {
    const asked = new Set([8080, 8081, 8082, 50001, 29500]);
    const holders = readHolders(runtime, asked);
    const seen = (port: number) => (holders.get(port) ?? []).map(short);
    // Once: the connection that the listener accepted says nothing new.
    assertEquals(seen(8080), [`tcp listening on ${anywhere} by 100`]);
    assertEquals(seen(8081), ["tcp listening on ::1 by 100"]);
    assertEquals(seen(8082), [`udp bound on ${anywhere} by 200`]);
    assertEquals(seen(50001), ["tcp connected on 127.0.0.1 by 200"]);
    assertEquals(seen(29500), []);
    const { process, user } = holders.get(8080)![0]!;
    assertEquals([process, user], [...who]);
    assertEquals([...readPortsInUse(runtime)], [8080, 8081, 50001]);
  });
}

Deno.test("only the ports that are asked about are told", () => {
  const runtime = having("darwin", { lsof: LSOF });
  assertEquals([...readHolders(runtime, new Set([8081])).keys()], [8081]);
});

Deno.test("nobody is named where there is no tool to ask", () => {
  for (const os of ["darwin", "freebsd", "windows"]) {
    const runtime = having(os, {});
    assertEquals(readHolders(runtime, new Set([8080])).size, 0);
    assertEquals(holdersOf(8080, true, new Map(), runtime), []);
  }
});
