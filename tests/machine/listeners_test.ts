import { assert, assertEquals } from "@std/assert";
import type { Holder as HolderSeen } from "../../lib/machine/holder.ts";
import {
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
      assert(seen[0]?.user !== undefined);
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

/** As lsof 4.91 of macOS 15 has it for a user who may not look everywhere. */
const MAC = `p391
crapportd
Lana
f8
PTCP
n*:49153
TST=LISTEN
TQR=0
TQS=0
f9
PTCP
n*:49153
TST=LISTEN
TQR=0
TQS=0
p512
cControlCe
Lana
f10
PTCP
n*:7000
TST=LISTEN
TQR=0
TQS=0
p777
cnode
Lana
f22
PTCP
n[::1]:5173
TST=LISTEN
TQR=0
TQS=0
f30
PTCP
n[::1]:5173->[::1]:51000
TST=ESTABLISHED
f23
PTCP
n[fe80:1::1]:5174
TST=LISTEN
TQR=0
TQS=0
f24
PTCP
n127.0.0.1:5175
TST=CLOSED
TQR=0
TQS=0
f25
PTCP
n[::1]:51000->[::1]:5173
TST=ESTABLISHED
TQR=0
TQS=0
f26
PTCP
n192.168.1.5:51001->17.57.146.20:443
TST=CLOSE_WAIT
TQR=0
TQS=0
f27
PUDP
n*:5353
f28
PUDP
n*:*
f29
PUDP
n192.168.1.5:51002->8.8.8.8:53
`;

/** As sockstat of FreeBSD 14 has it, with a command that is cut. */
const FREEBSD =
  `USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS
minecraft java      33227 103 tcp4   10.0.0.210:25565      *:*
mosh     mosh-serve 19493 4   udp4   192.168.31.187:60001  *:*
root     sshd       1140  4   tcp46  *:22                  *:*
root     sshd       1140  5   tcp6   fe80::1%lo0:2222      *:*
root     sshd       1140  6   tcp4   127.0.0.1:22          127.0.0.1:51000
root     sshd       2001  6   tcp6   ::1:2223              ::1:51000
root     ping       2002  3   icmp4  *:*                   *:*
root     dhclient   2003  5   udp4   *:*                   *:*
root     sctpd      2004  5   sctp4  127.0.0.1:2224        *:*
`;

/** As netstat has it, in French; its titles and states are not looked at. */
const FRENCH = `
Connexions actives

  Proto  Adresse locale         Adresse distante       \u00c9tat
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1044
  TCP    0.0.0.0:445            0.0.0.0:0              LISTENING       4
  TCP    192.168.1.5:139        0.0.0.0:0              \u00c0 L\u2019\u00c9COUTE      4
  TCP    127.0.0.1:51000        127.0.0.1:5173         ESTABLISHED     9000
  TCP    [::]:135               [::]:0                 LISTENING       1044
  TCP    [::1]:5173             [::]:0                 LISTENING       9001
  TCP    [fe80::1c2d:3e4f%12]:5174  [::]:0             LISTENING       9001
  TCP    [::1]:5173             [::1]:51001            ESTABLISHED     9001
  UDP    0.0.0.0:5353           *:*                                    2020
  UDP    [::]:5353              *:*                                    2020
  UDP    [fe80::1c2d:3e4f%12]:1900  *:*                                3030
`.replaceAll("\n", "\r\n");

/** As tasklist has it: a name may have blanks and more in it. */
const TASKS = `"System","4","Services","0","144 Ko"
"svchost.exe","1044","Services","0","13\u202f344 Ko"
"my, own server.exe","9001","Console","1","1\u202f234 Ko"
`.replaceAll("\n", "\r\n");

/** All that is known of the holders of some ports, a line each. */
function told(runtime: Runtime, ...ports: number[]): string[] {
  const holders = readHolders(runtime, new Set(ports));
  return ports.flatMap((port) =>
    (holders.get(port) ?? []).map((holder) => {
      const { process = "?", user = "?" } = holder;
      return `${holder.port}: ${short(holder)} ${process} of ${user}`;
    })
  );
}

Deno.test("a Mac's answer is read to its details", () => {
  const runtime = having("darwin", { lsof: MAC });
  const ports = [49153, 7000, 5173, 5174, 5175, 51000, 51001, 5353, 51002];
  // The connection that a listener has accepted says nothing new.
  assertEquals(told(runtime, ...ports, 443, 53), [
    "49153: tcp listening on * by 391 rapportd of ana",
    "7000: tcp listening on * by 512 ControlCe of ana",
    "5173: tcp listening on ::1 by 777 node of ana",
    "5174: tcp listening on fe80:1::1 by 777 node of ana",
    "5175: tcp bound on 127.0.0.1 by 777 node of ana",
    "51000: tcp connected on ::1 by 777 node of ana",
    "51001: tcp connected on 192.168.1.5 by 777 node of ana",
    "5353: udp bound on * by 777 node of ana",
    "51002: udp connected on 192.168.1.5 by 777 node of ana",
  ]);
  // Whatever there is, only what is asked about is told.
  assertEquals(readHolders(runtime, new Set([7000])).size, 1);
  const inUse = [5173, 5174, 5175, 7000, 49153, 51000, 51001];
  assertEquals([...readPortsInUse(runtime)], inUse);
});

Deno.test("FreeBSD's answer is read to its details, where lsof cannot help", () => {
  const run: Runtime["run"] = (command) => {
    if (command.endsWith("lsof")) throw systemError("EACCES");
    return { status: 0, output: FREEBSD };
  };
  const lsofDenied = bareMachine({ os: "freebsd", run });
  for (
    const runtime of [having("freebsd", { sockstat: FREEBSD }), lsofDenied]
  ) {
    assertEquals(told(runtime, 25565, 60001, 22, 2222, 2223, 2224), [
      "25565: tcp listening on 10.0.0.210 by 33227 java of minecraft",
      "60001: udp bound on 192.168.31.187 by 19493 mosh-serve of mosh",
      "22: tcp listening on * by 1140 sshd of root",
      "2222: tcp listening on fe80::1%lo0 by 1140 sshd of root",
      "2223: tcp connected on ::1 by 2001 sshd of root",
    ]);
    assertEquals([...readPortsInUse(runtime)], [22, 2222, 2223, 25565]);
  }
});

Deno.test("the answer of Windows is read to its details, in any language", () => {
  const runtime = having("windows", { netstat: FRENCH, tasklist: TASKS });
  const ports = [135, 445, 139, 51000, 5173, 5174, 5353, 1900, 51001];
  assertEquals(told(runtime, ...ports), [
    "135: tcp listening on 0.0.0.0 by 1044 svchost.exe of ?",
    "135: tcp listening on :: by 1044 svchost.exe of ?",
    "445: tcp listening on 0.0.0.0 by 4 System of ?",
    "139: tcp listening on 192.168.1.5 by 4 System of ?",
    "51000: tcp connected on 127.0.0.1 by 9000 ? of ?",
    "5173: tcp listening on ::1 by 9001 my, own server.exe of ?",
    "5174: tcp listening on fe80::1c2d:3e4f%12 by 9001 my, own server.exe of ?",
    "5353: udp bound on 0.0.0.0 by 2020 ? of ?",
    "5353: udp bound on :: by 2020 ? of ?",
    "1900: udp bound on fe80::1c2d:3e4f%12 by 3030 ? of ?",
  ]);
  const inUse = [135, 139, 445, 5173, 5174, 51000];
  assertEquals([...readPortsInUse(runtime)], inUse);
  const nameless = having("windows", { netstat: FRENCH });
  assertEquals(told(nameless, 445), [
    "445: tcp listening on 0.0.0.0 by 4 ? of ?",
  ]);
});

Deno.test("a tool that is missing, and errors, titles and empty answers hold no port", () => {
  for (
    const [os, tools] of [
      ["darwin", {}],
      ["freebsd", {}],
      ["windows", {}],
      ["darwin", { lsof: "" }],
      ["darwin", { lsof: "lsof: WARNING: can't stat() fuse file system\n" }],
      ["freebsd", { sockstat: FREEBSD.split("\n", 1)[0]! }],
      ["windows", { netstat: FRENCH.split("  TCP", 1)[0]! }],
      ["windows", { netstat: "Zugriff verweigert: 0.0.0.0:135\r\n" }],
    ] satisfies [string, Record<string, string>][]
  ) {
    const runtime = having(os, { tasklist: "INFO: none", ...tools });
    const every = Array.from({ length: 65535 }, (_, port) => port + 1);
    assertEquals(told(runtime, ...every), [], os);
    assertEquals(readPortsInUse(runtime).size, 0);
    assertEquals(holdersOf(8080, true, new Map(), runtime), []);
  }
});
