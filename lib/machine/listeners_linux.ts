import { errorCode, type Runtime } from "../runtime/runtime.ts";
import type { Holder } from "./listeners.ts";

/** A row of `/proc/net/{tcp,tcp6,udp,udp6}` (proc_net_tcp in the kernel). */
interface Socket {
  readonly transport: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  readonly how: Holder["how"];
  readonly userId: string;
  /** What ties it to a process's descriptor; `0` where no process has it. */
  readonly inode: string;
}

/** The tables of sockets with ports. */
const PORT_TABLES = ["tcp", "tcp6", "udp", "udp6"] as const;

/** Every other table of sockets, each with the inode in a column of its own. */
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

/** Who holds ports on Linux, read from /proc without any other program. */
export function linuxHolders(
  runtime: Runtime,
  ports: ReadonlySet<number>,
): Holder[] {
  const sockets = PORT_TABLES.flatMap((table) =>
    readTable(runtime, table, ports)
  );
  const wanted = new Set(sockets.map(({ inode }) => inode));
  wanted.delete("0");
  const owners = socketOwners(runtime, wanted);
  const users = wanted.size > 0 ? userNames(runtime) : new Map();
  return sockets.map(({ transport, address, port, how, userId, inode }) => ({
    port,
    transport,
    address,
    how,
    ...owners.get(inode),
    // A connection that is closing belongs to the kernel, which is nobody.
    ...(inode === "0" ? {} : { user: users.get(userId) ?? userId }),
  }));
}

/** The TCP sockets of this machine, closing ones left out. */
export function linuxTcpSockets(
  runtime: Runtime,
): { port: number; transport: "tcp" | "udp" }[] {
  return (["tcp", "tcp6"] as const)
    .flatMap((table) => readTable(runtime, table))
    .filter(({ inode }) => inode !== "0");
}

/**
 * The processes with a socket that no table of the kernel lists. A TCP socket
 * that is bound but does not listen is one of these, and its port is nowhere
 * to be read: who holds such a port can only be one of them.
 */
export function unlistedSocketOwners(
  runtime: Runtime,
): { pid: number; process: string }[] {
  const listed = new Set<string>();
  for (const table of PORT_TABLES) {
    for (const { inode } of readTable(runtime, table)) listed.add(inode);
  }
  for (const [table, column] of Object.entries(OTHER_TABLES)) {
    for (const row of tableRows(runtime, table)) listed.add(row[column] ?? "");
  }
  const owners = new Map<number, { pid: number; process: string }>();
  for (const [inode, owner] of socketOwners(runtime)) {
    if (!listed.has(inode)) owners.set(owner.pid, owner);
  }
  return [...owners.values()];
}

function readTable(
  runtime: Runtime,
  table: (typeof PORT_TABLES)[number],
  ports?: ReadonlySet<number>,
): Socket[] {
  const transport = table.startsWith("tcp") ? "tcp" : "udp";
  const sockets: Socket[] = [];
  for (const row of tableRows(runtime, table)) {
    const [, local = "", remote = "", state, , , , userId = "", , inode = ""] =
      row;
    const [address = "", portText = ""] = local.split(":");
    const port = parseInt(portText, 16);
    if (ports && !ports.has(port)) continue;
    const how = state === TCP_LISTEN
      ? "listening"
      : transport === "udp" && /^0+:0000$/.test(remote)
      ? "bound"
      : "connected";
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

const TCP_LISTEN = "0A";

/** The rows of a table, split into columns, without its heading. */
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
 * Reads the hexadecimal form of an address: groups of four bytes, each in the
 * order of the machine, which is little-endian wherever port-for runs.
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
  // A URL's host comes back in the short form of RFC 5952.
  return new URL(`http://[${words.join(":")}]/`).hostname.slice(1, -1);
}

/**
 * Which process has which socket, as far as this user may look.
 *
 * @param wanted The sockets to look for; without it, all.
 */
function socketOwners(
  runtime: Runtime,
  wanted?: ReadonlySet<string>,
): Map<string, { pid: number; process: string }> {
  const owners = new Map<string, { pid: number; process: string }>();
  if (wanted?.size === 0) return owners;
  const ownNetwork = linkOf(runtime, "/proc/self/ns/net");
  for (const name of folderOf(runtime, "/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const inodes = socketsOf(runtime, name).filter((inode) =>
      !owners.has(inode) && (wanted?.has(inode) ?? true)
    );
    if (inodes.length === 0) continue;
    // Other network namespaces have port spaces of their own.
    const network = linkOf(runtime, `/proc/${name}/ns/net`);
    if (network !== undefined && network !== ownNetwork) continue;
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

/** Another user's, or gone since it was listed, or not for Deno to read. */
function isHidden(error: unknown): boolean {
  const code = errorCode(error) ?? "";
  return ["ENOENT", "EACCES", "EPERM", "ESRCH"].includes(code) ||
    (error as Error).name === "NotCapable";
}
