import { errorCode, type Runtime } from "../runtime/runtime.ts";
import type { Holder, Suspect } from "./holder.ts";

/** A row of `/proc/net/{tcp,tcp6,udp,udp6}` (proc_net_tcp in the kernel). */
interface Socket {
  readonly transport: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  readonly how: Holder["how"];
  readonly userId: string;
  /** Links it to a process's descriptor; `0` if no process has it. */
  readonly inode: string;
}

/** The tables of sockets that have ports. */
const PORT_TABLES = ["tcp", "tcp6", "udp", "udp6"] as const;
type PortTable = (typeof PORT_TABLES)[number];

/** All other tables of sockets, with the column of the inode. */
const OTHER_TABLES: Readonly<Record<string, number>> = {
  unix: 6,
  netlink: 9,
  packet: 8,
  raw: 9,
  raw6: 9,
  icmp: 9,
  icmp6: 9,
  udplite: 9,
  udplite6: 9,
};

/** The sockets of this machine, read once from /proc. */
export class LinuxSockets {
  readonly #runtime: Runtime;
  readonly #rows: ReadonlyMap<PortTable, readonly string[][]>;
  #unlisted: readonly Suspect[] | undefined;

  /** @param runtime The machine. */
  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#rows = new Map(
      PORT_TABLES.map((table) => [table, tableRows(runtime, table)]),
    );
  }

  /** Who holds these ports, as far as this user can see. */
  holders(ports: ReadonlySet<number>): Holder[] {
    const sockets = [...this.#rows].flatMap(([table, rows]) =>
      socketsIn(table, rows, ports)
    );
    const wanted = new Set(sockets.map(({ inode }) => inode));
    wanted.delete("0");
    const owners = socketOwners(this.#runtime, wanted);
    const users = wanted.size > 0 ? userNames(this.#runtime) : new Map();
    return sockets.map(({ userId, inode, ...socket }) => ({
      ...socket,
      ...owners.get(inode),
      // A closing connection belongs to the kernel, not to a user.
      ...(inode === "0" ? {} : { user: users.get(userId) ?? userId }),
    }));
  }

  /**
   * The processes with a socket that is in none of the kernel's tables. Such a
   * socket may be a TCP socket that is bound but does not listen; its port
   * cannot be read anywhere.
   */
  unlistedOwners(): readonly Suspect[] {
    return this.#unlisted ??= this.#findUnlistedOwners();
  }

  #findUnlistedOwners(): Suspect[] {
    const listed = new Set<string>();
    for (const rows of this.#rows.values()) {
      for (const row of rows) listed.add(row[INODE] ?? "");
    }
    for (const [table, column] of Object.entries(OTHER_TABLES)) {
      for (const row of tableRows(this.#runtime, table)) {
        listed.add(row[column] ?? "");
      }
    }
    const owners = new Map<number, Suspect>();
    for (const [inode, owner] of socketOwners(this.#runtime)) {
      if (!listed.has(inode)) owners.set(owner.pid, owner);
    }
    return [...owners.values()];
  }
}

/**
 * Whether this process can see all processes: it is root, and not in a PID
 * namespace such as a container's.
 */
export function seesEveryProcess(runtime: Runtime): boolean {
  return runtime.userId() === 0 &&
    linkOf(runtime, "/proc/self/ns/pid") === FIRST_PID_NAMESPACE;
}

/** The kernel's fixed number for the initial PID namespace (proc_ns.h). */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";

/** The TCP sockets of this machine, except closing ones. */
export function linuxTcpSockets(
  runtime: Runtime,
): { port: number; transport: "tcp" | "udp" }[] {
  return (["tcp", "tcp6"] as const)
    .flatMap((table) => socketsIn(table, tableRows(runtime, table)))
    .filter(({ inode }) => inode !== "0");
}

function socketsIn(
  table: PortTable,
  rows: readonly string[][],
  ports?: ReadonlySet<number>,
): Socket[] {
  const transport = table.startsWith("tcp") ? "tcp" : "udp";
  const sockets: Socket[] = [];
  for (const row of rows) {
    const [, local = "", remote = "", state, , , , userId = ""] = row;
    const [address = "", portText = ""] = local.split(":");
    const port = parseInt(portText, 16);
    if (ports && !ports.has(port)) continue;
    const how = state === TCP_LISTEN
      ? "listening"
      : transport === "udp" && /^0+:0000$/.test(remote)
      ? "bound"
      : "connected";
    const inode = row[INODE] ?? "";
    sockets.push({
      transport,
      address: readAddress(address),
      port,
      how,
      userId,
      inode,
    });
  }
  return sockets;
}

/** The column of the inode in the tables of sockets that have ports. */
const INODE = 9;

const TCP_LISTEN = "0A";

/** The rows of a table without its header, split into columns. */
function tableRows(runtime: Runtime, table: string): string[][] {
  let text: string;
  try {
    text = new TextDecoder().decode(runtime.readFile(`/proc/net/${table}`));
  } catch (error) {
    if (isHidden(error)) return [];
    throw error;
  }
  return text.split("\n").slice(1)
    .filter((line) => line !== "")
    .map((line) => line.trim().split(/\s+/));
}

/**
 * Reads the hexadecimal form of an address: groups of four bytes in the
 * machine's byte order, which is little-endian wherever port-for runs.
 */
function readAddress(hex: string): string {
  const groups = hex.match(/.{8}/g) ?? [];
  const bytes = groups.flatMap((group) =>
    group.match(/../g)!.reverse().map((byte) => parseInt(byte, 16))
  );
  if (bytes.length === 4) return bytes.join(".");
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return `::ffff:${bytes.slice(12).join(".")}`;
  const words = Array.from(
    { length: 8 },
    (_, at) => (bytes[2 * at]! * 256 + bytes[2 * at + 1]!).toString(16),
  );
  // URL gives the short form of RFC 5952.
  return new URL(`http://[${words.join(":")}]/`).hostname.slice(1, -1);
}

/**
 * Maps the inodes of sockets to processes, as far as this user can see.
 *
 * @param wanted The inodes to look for. Defaults to all.
 */
function socketOwners(
  runtime: Runtime,
  wanted?: ReadonlySet<string>,
): Map<string, Suspect> {
  const owners = new Map<string, Suspect>();
  if (wanted?.size === 0) return owners;
  const ownNetwork = linkOf(runtime, "/proc/self/ns/net");
  for (const name of folderOf(runtime, "/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const inodes = socketsOf(runtime, name).filter((inode) =>
      !owners.has(inode) && (wanted?.has(inode) ?? true)
    );
    if (inodes.length === 0) continue;
    // Sockets of other network namespaces are in none of our tables. But an
    // inode that we look for is ours, whichever process has it.
    const network = linkOf(runtime, `/proc/${name}/ns/net`);
    const elsewhere = network !== undefined && network !== ownNetwork;
    if (elsewhere && !wanted) continue;
    const owner = { pid: Number(name), process: processName(runtime, name) };
    for (const inode of inodes) owners.set(inode, owner);
    if (wanted && owners.size === wanted.size) break;
  }
  return owners;
}

/** The inodes of the sockets that a process has open. */
function socketsOf(runtime: Runtime, pid: string): string[] {
  return folderOf(runtime, `/proc/${pid}/fd`).flatMap((descriptor) =>
    /^socket:\[(\d+)\]$/
      .exec(linkOf(runtime, `/proc/${pid}/fd/${descriptor}`) ?? "")
      ?.slice(1) ?? []
  );
}

function processName(runtime: Runtime, pid: string): string {
  try {
    return new TextDecoder().decode(runtime.readFile(`/proc/${pid}/comm`))
      .trim();
  } catch (error) {
    if (isHidden(error)) return "a process that has just ended";
    throw error;
  }
}

function folderOf(runtime: Runtime, path: string): string[] {
  try {
    return runtime.readFolder(path);
  } catch (error) {
    if (isHidden(error)) return [];
    throw error;
  }
}

function linkOf(runtime: Runtime, path: string): string | undefined {
  try {
    return runtime.readLink(path);
  } catch (error) {
    if (isHidden(error)) return undefined;
    throw error;
  }
}

/** The names of users by id, from /etc/passwd. */
function userNames(runtime: Runtime): Map<string, string> {
  const names = new Map<string, string>();
  try {
    const text = new TextDecoder().decode(runtime.readFile("/etc/passwd"));
    for (const line of text.split("\n")) {
      const [name = "", , id = ""] = line.split(":");
      if (!names.has(id)) names.set(id, name);
    }
  } catch (error) {
    if (!isHidden(error)) throw error;
  }
  return names;
}

/** Another user's, gone since it was listed, or denied by the engine. */
function isHidden(error: unknown): boolean {
  const code = errorCode(error) ?? "";
  return ["ENOENT", "EACCES", "EPERM", "ESRCH"].includes(code) ||
    (error as Error).name === "NotCapable";
}
