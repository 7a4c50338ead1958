import { assertEquals } from "@std/assert";
import type { Holder } from "../../lib/machine/holder.ts";
import {
  holdersOf,
  readHolders,
  readPortsInUse,
} from "../../lib/machine/listeners.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import {
  bareMachine,
  onlyFiles,
  systemError,
} from "../support/fake_runtime.ts";

const HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr " +
  "tm->when retrnsmt   uid  timeout inode";

/** A row as the kernel writes it; the port is 7300 in hexadecimal, 29440. */
function row(
  { at = "0100007F", port = "7300", to = "00000000:0000", state = "0A" } = {},
  { user = 0, inode = 7000 } = {},
): string {
  return `   0: ${at}:${port} ${to} ${state} 00000000:00000000 ` +
    `00:00000000 00000000 ${user}        0 ${inode} 1 0000000015a0b1c2 100 0`;
}

/** A process, its network and what it has open. */
interface Process {
  readonly comm?: string;
  readonly network?: string;
  readonly open: readonly string[] | "denied";
}

/** A Linux that has these rows, files and processes in its /proc. */
function linux(
  tables: Readonly<Record<string, readonly string[]>>,
  processes: Readonly<Record<number, Process>> = {},
  { files = {}, userId = 0 }: {
    files?: Readonly<Record<string, string>>;
    userId?: number;
  } = {},
): Runtime & { readonly reads: string[] } {
  const reads: string[] = [];
  const names: Record<string, string> = {};
  const links: Record<string, string> = {
    "/proc/self/ns/net": "net:[1]",
    // The namespace of processes that the machine began with.
    "/proc/self/ns/pid": "pid:[4026531836]",
  };
  const folders: Record<string, readonly string[] | "denied"> = {
    "/proc": ["self", "net", "sys", ...Object.keys(processes)],
  };
  for (const [pid, process] of Object.entries(processes)) {
    const { comm, network = "net:[1]", open } = process;
    if (comm !== undefined) names[`/proc/${pid}/comm`] = `${comm}\n`;
    links[`/proc/${pid}/ns/net`] = network;
    folders[`/proc/${pid}/fd`] = open === "denied"
      ? open
      : open.map((_, descriptor) => `${descriptor}`);
    if (open === "denied") continue;
    for (const [descriptor, target] of open.entries()) {
      links[`/proc/${pid}/fd/${descriptor}`] = target;
    }
  }
  const text = (rows: readonly string[]) =>
    [HEADING, ...rows].map((line) => `${line}\n`).join("");
  const readFile = onlyFiles({
    ...names,
    ...Object.fromEntries(
      Object.entries(tables).map(([table, rows]) =>
        [`/proc/net/${table}`, text(rows)] as const
      ),
    ),
    ...files,
  });
  const machine = bareMachine({
    os: "linux",
    userId: () => userId,
    readFile: (path) => {
      reads.push(path);
      return readFile(path);
    },
    readFolder: (path) => {
      const folder = folders[path];
      if (folder === "denied") throw systemError("EACCES");
      if (folder === undefined) throw systemError("ENOENT");
      return [...folder];
    },
    readLink: (path) => {
      const target = links[path];
      if (target === undefined) throw systemError("ENOENT");
      return target;
    },
  });
  return Object.assign(machine, { reads });
}

function holders(runtime: Runtime, port = 29440): readonly Holder[] {
  return readHolders(runtime, new Set([port])).get(port) ?? [];
}

Deno.test("the kernel's addresses are read as people write them", () => {
  for (
    const [table, hex, address] of [
      ["tcp", "0100007F", "127.0.0.1"],
      ["tcp", "00000000", "0.0.0.0"],
      ["tcp", "0A02A8C0", "192.168.2.10"],
      ["tcp6", "00000000000000000000000000000000", "::"],
      ["tcp6", "00000000000000000000000001000000", "::1"],
      ["tcp6", "B80D0120000000000000000001000000", "2001:db8::1"],
      ["tcp6", "000080FE00000000FF00000245A3C1FE", "fe80::200:ff:fec1:a345"],
      ["tcp6", "0000000000000000FFFF00000100007F", "::ffff:127.0.0.1"],
    ] as const
  ) {
    const runtime = linux({ [table]: [row({ at: hex })] });
    assertEquals(holders(runtime).map(({ address }) => address), [address]);
  }
});

Deno.test("the kernel's states are read as ways to hold a port", () => {
  const far = "0100007F:1F90";
  for (
    const [table, state, to, how] of [
      ["tcp", "0A", "00000000:0000", "tcp listening"],
      // Established, connecting, and closing while a process has it still.
      ["tcp", "01", far, "tcp connected"],
      ["tcp", "02", far, "tcp connected"],
      ["tcp", "08", far, "tcp connected"],
      ["udp", "07", "00000000:0000", "udp bound"],
      ["udp", "01", far, "udp connected"],
      ["udp6", "07", "00000000000000000000000000000000:0000", "udp bound"],
    ] as const
  ) {
    const at = table.endsWith("6") ? "0".repeat(32) : "0100007F";
    const runtime = linux({ [table]: [row({ at, state, to })] });
    assertEquals(
      holders(runtime).map(({ transport, how }) => `${transport} ${how}`),
      [how],
    );
  }
});

Deno.test("the process that has the socket is named, and its user", () => {
  const runtime = linux(
    { tcp: [row({}, { user: 33, inode: 7001 })] },
    {
      1: { comm: "init", open: ["/dev/null", "socket:[1]"] },
      812: { comm: "nginx: main", open: ["pipe:[7001]", "socket:[7001]"] },
      813: { comm: "nginx: other", open: ["socket:[70010]"] },
    },
    {
      files: { "/etc/passwd": "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:\n" },
    },
  );
  assertEquals(holders(runtime), [{
    port: 29440,
    transport: "tcp",
    address: "127.0.0.1",
    how: "listening",
    pid: 812,
    process: "nginx: main",
    user: "www-data",
  }]);
});

Deno.test("a user without a name is known by number", () => {
  for (const files of [{}, { "/etc/passwd": "root:x:0:0::/:/bin/sh\n" }]) {
    const runtime = linux({ tcp: [row({}, { user: 1000 })] }, {}, { files });
    assertEquals(holders(runtime).map(({ user }) => user), ["1000"]);
  }
});

Deno.test("what another user's processes have open is not to be seen", () => {
  const runtime = linux(
    { tcp: [row({}, { user: 33 })] },
    { 812: { comm: "nginx", open: "denied" } },
    { userId: 1000 },
  );
  const [holder] = holders(runtime);
  assertEquals([holder?.pid, holder?.process, holder?.user], [
    undefined,
    undefined,
    "33",
  ]);
});

Deno.test("a process that ends while it is looked at is no failure", () => {
  const runtime = linux(
    { tcp: [row()] },
    { 812: { open: ["socket:[7000]"] } },
  );
  assertEquals(holders(runtime).map(({ pid }) => pid), [812]);
});

Deno.test("a connection that only the kernel has left belongs to nobody", () => {
  const runtime = linux(
    { tcp: [row({ state: "06", to: "0100007F:1F90" }, { inode: 0 })] },
    { 812: { comm: "nginx", open: ["socket:[0]"] } },
  );
  const [holder] = holders(runtime);
  assertEquals(holder?.how, "connected");
  assertEquals([holder?.pid, holder?.user], [undefined, undefined]);
  // It keeps nobody from listening.
  assertEquals([...readPortsInUse(runtime)], []);
});

Deno.test("a machine without IPv6 has no tables of it, and that is fine", () => {
  const runtime = linux({ tcp: [row()], udp: [] });
  assertEquals(holders(runtime).length, 1);
  assertEquals([...readPortsInUse(runtime)], [29440]);
});

Deno.test("however many ports are asked about, each table is read once", () => {
  const runtime = linux({
    tcp: [row(), row({ port: "7301" }, { inode: 7001 })],
    tcp6: [],
    udp: [row({ port: "7302", state: "07" }, { inode: 7002 })],
    udp6: [],
  });
  const ports = [29440, 29441, 29442, 29443];
  const seen = readHolders(runtime, new Set(ports));
  assertEquals([...seen.keys()], [29440, 29441, 29442]);
  assertEquals(
    runtime.reads.filter((path) => path.startsWith("/proc/net/")).sort(),
    ["/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"],
  );
});

Deno.test("a server with connections, on every address, is told of once a way", () => {
  const far = "0100007F:1F90";
  const runtime = linux({
    tcp: [
      row({ at: "00000000" }, { inode: 7001 }),
      row({ state: "01", to: far }, { inode: 7002 }),
      row({ state: "01", to: far }, { inode: 7003 }),
    ],
    tcp6: [row({ at: "0".repeat(32) }, { inode: 7004 })],
  }, {
    812: {
      comm: "nginx",
      open: [7001, 7002, 7003, 7004].map((inode) => `socket:[${inode}]`),
    },
  });
  assertEquals(
    holders(runtime).map(({ how, address, pid }) => `${how} ${address} ${pid}`),
    ["listening 0.0.0.0 812", "listening :: 812"],
  );
});

/** The rows of the kernel's other tables: each has the inode elsewhere. */
const OTHERS = {
  unix: ["0000000000000000: 00000003 00000000 00000000 0001 03 8001 /run/a"],
  netlink: ["0000000000000000 0   812  00000000 0 0 0 2 0 8002"],
  packet: ["0000000000000000 3 3 0003 2 1 0 0 8003"],
  raw: [
    "  1: 00000000:0001 00000000:0000 07 00000000:00000000 00:00000000 " +
    "00000000     0        0 8004 2 0000000000000000 0",
  ],
};

Deno.test("whoever has a socket of no table may have bound a port unseen", () => {
  const processes = {
    811: {
      comm: "other kinds",
      open: [8001, 8002, 8003, 8004].map((inode) => `socket:[${inode}]`),
    },
    812: { comm: "silent", open: ["socket:[9001]", "socket:[9002]"] },
    813: { comm: "far away", network: "net:[2]", open: ["socket:[9003]"] },
  };
  const held = { port: 29440, transport: "tcp", address: "", how: "bound" };
  const seen = holdersOf(29440, true, new Map(), linux(OTHERS, processes));
  assertEquals<unknown>(seen, [{ ...held, pid: 812, process: "silent" }]);

  const more = { ...processes, 900: { comm: "b", open: ["socket:[9004]"] } };
  assertEquals<unknown>(
    holdersOf(29440, true, new Map(), linux(OTHERS, more)),
    [
      { ...held, pid: 812, process: "silent", uncertain: true },
      { ...held, pid: 900, process: "b", uncertain: true },
    ],
  );

  // Who does not see everybody cannot be certain of the only one.
  const user = linux(OTHERS, processes, { userId: 1000 });
  assertEquals(
    holdersOf(29440, true, new Map(), user).map(({ uncertain }) => uncertain),
    [true],
  );
});

Deno.test("nobody is suspected of a port that is free or has a known holder", () => {
  const runtime = linux(
    { tcp: [row()] },
    {
      811: { comm: "known", open: ["socket:[7000]"] },
      812: { comm: "silent", open: ["socket:[9001]"] },
    },
  );
  const seen = readHolders(runtime, new Set([29440, 29441]));
  assertEquals(holdersOf(29441, false, seen, runtime), []);
  assertEquals(
    holdersOf(29440, true, seen, runtime).map(({ process }) => process),
    ["known"],
  );
});

Deno.test("a UDP socket does not explain why TCP cannot be bound", () => {
  const runtime = linux(
    { udp: [row({ state: "07" })] },
    {
      811: { comm: "resolver", open: ["socket:[7000]"] },
      812: { comm: "silent", open: ["socket:[9001]"] },
    },
  );
  const seen = readHolders(runtime, new Set([29440]));
  assertEquals(
    holdersOf(29440, true, seen, runtime)
      .map(({ transport, process }) => `${transport} ${process}`),
    ["udp resolver", "tcp silent"],
  );
});
