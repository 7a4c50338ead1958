import { PortSet } from "../ports/port_set.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";
import type { Holder, Suspect } from "./holder.ts";
import {
  LinuxSockets,
  linuxTcpSockets,
  seesEveryProcess,
} from "./listeners_linux.ts";
import { toolOutput } from "./tool.ts";

/** Who holds which ports, by port. */
export type Holders = ReadonlyMap<number, readonly Holder[]> & {
  /**
   * Processes that may hold ports without a visible holder; read when first
   * called.
   */
  readonly suspects?: () => readonly Suspect[];
};

/**
 * Reads who holds ports on this machine, all at once.
 *
 * Linux: `/proc/net/{tcp,tcp6,udp,udp6}` and `/proc/PID/fd`. macOS and the
 * BSDs: `lsof`, else `sockstat`. Windows: `netstat` and `tasklist`. If none of
 * these works, the result is empty.
 *
 * @param ports The only ports to ask about.
 */
export function readHolders(
  runtime: Runtime,
  ports: ReadonlySet<number>,
): Holders {
  if (isLinux(runtime)) {
    const sockets = new LinuxSockets(runtime);
    const suspects = () => sockets.unlistedOwners();
    return Object.assign(grouped(sockets.holders(ports)), { suspects });
  }
  const holders = fromTools(runtime).filter(({ port }) => ports.has(port));
  return grouped(holders);
}

function grouped(holders: readonly Holder[]): Map<number, Holder[]> {
  const byPort = Map.groupBy(holders, ({ port }) => port);
  for (const [port, all] of byPort) byPort.set(port, withoutRepetition(all));
  return byPort;
}

/** The TCP ports that any socket on this machine uses, whoever owns it. */
export function readPortsInUse(runtime: Runtime): PortSet {
  const used = new PortSet();
  const holders = isLinux(runtime)
    ? linuxTcpSockets(runtime)
    : fromTools(runtime);
  for (const { transport, port } of holders) {
    if (transport === "tcp") used.add(port);
  }
  return used;
}

/**
 * Who holds one port. On Linux, no table lists TCP sockets that are bound but
 * do not listen. So if a port is in use without a visible holder, the holder is
 * one of the processes with an unlisted socket.
 *
 * @param inUse Whether probing found the port in use.
 */
export function holdersOf(
  port: number,
  inUse: boolean,
  holders: Holders,
  runtime: Runtime,
): readonly Holder[] {
  const seen = holders.get(port) ?? [];
  const explained = seen.some(({ transport }) => transport === "tcp");
  if (!inUse || explained || !isLinux(runtime)) return seen;
  const suspects = holders.suspects?.() ??
    new LinuxSockets(runtime).unlistedOwners();
  const certain = suspects.length === 1 && seesEveryProcess(runtime);
  return [
    ...seen,
    ...suspects.map((owner) => ({
      port,
      transport: "tcp" as const,
      address: "",
      how: "bound" as const,
      ...owner,
      ...(certain ? {} : { uncertain: true as const }),
    })),
  ];
}

function isLinux({ os }: Runtime): boolean {
  return os === "linux" || os === "android";
}

function fromTools(runtime: Runtime): Holder[] {
  switch (runtime.os) {
    case "windows":
      return fromTool(
        runtime,
        "netstat",
        ["-ano"],
        (output) => readNetstat(output, taskNames(runtime)),
      ) ?? [];
    default:
      return fromTool(
        runtime,
        "lsof",
        ["-nP", "-i", "-F", "pcLPnT"],
        readLsof,
      ) ??
        fromTool(runtime, "sockstat", sockstatFlags(runtime), readSockstat) ??
        [];
  }
}

/**
 * Drops repetitions: a process may have many sockets on a port, and a listening
 * server has connections from it as well.
 */
function withoutRepetition(holders: readonly Holder[]): Holder[] {
  const listening = new Set(
    holders.filter(({ how }) => how === "listening")
      .map(({ transport }) => transport),
  );
  const seen = new Set<string>();
  return holders.filter((holder) => {
    const { transport, how, pid, address } = holder;
    if (how === "connected" && listening.has(transport)) return false;
    const at = how === "connected" ? "" : address;
    const key = [transport, how, pid, at].join(" ");
    return seen.size < seen.add(key).size;
  });
}

function fromTool(
  runtime: Runtime,
  tool: string,
  args: readonly string[],
  read: (output: string) => Holder[],
): Holder[] | undefined {
  try {
    return read(toolOutput(runtime, tool, args));
  } catch (error) {
    // The tool is missing or may not be run.
    const code = errorCode(error);
    const denied = (error as Error).name === "NotCapable";
    if (code === "ENOENT" || code === "EACCES" || denied) return undefined;
    throw error;
  }
}

/** Reads `lsof -F pcLPnT`: a field a line, its kind in the first letter. */
function readLsof(output: string): Holder[] {
  const holders: Holder[] = [];
  let process: { pid: number; process?: string; user?: string } = { pid: 0 };
  let transport: "tcp" | "udp" = "tcp";
  let name = "";
  let listening = false;
  const finishSocket = () => {
    const [local = "", remote] = name.split("->");
    const at = splitAddress(local);
    name = "";
    if (!at) return;
    const how = listening
      ? "listening"
      : remote === undefined
      ? "bound"
      : "connected";
    holders.push({ ...at, transport, how, ...process });
  };
  for (const line of output.split("\n")) {
    const value = line.slice(1);
    switch (line[0]) {
      case "p":
        finishSocket();
        process = { pid: Number(value) };
        break;
      case "c":
        process = { ...process, process: value };
        break;
      case "L":
        process = { ...process, user: value };
        break;
      case "f":
        finishSocket();
        listening = false;
        break;
      case "P":
        transport = value === "UDP" ? "udp" : "tcp";
        break;
      case "n":
        name = value;
        break;
      case "T":
        if (value === "ST=LISTEN") listening = true;
        break;
    }
  }
  finishSocket();
  return holders;
}

/** Without -n, NetBSD's prints service names instead of numbers. */
function sockstatFlags({ os }: Runtime): string[] {
  return os === "netbsd" ? ["-46n"] : ["-46"];
}

/** Reads `sockstat -46`: user, command, pid, fd, protocol, local, foreign. */
function readSockstat(output: string): Holder[] {
  return output.split("\n").flatMap((line) => {
    const [user, process, pid, , protocol = "", local = "", foreign = ""] = line
      .trim().split(/\s+/);
    const at = splitAddress(local);
    const transport = protocol.slice(0, 3);
    if (!at || (transport !== "tcp" && transport !== "udp")) return [];
    const how = !/^\*[:.]\*$/.test(foreign)
      ? "connected"
      : transport === "tcp"
      ? "listening"
      : "bound";
    const known = pid !== "?";
    const who = known
      ? { user: user!, process: process!, pid: Number(pid) }
      : {};
    return [{ ...at, transport, how, ...who } as const];
  });
}

/** Reads `netstat -ano`. Its states are localized, so they are not used. */
function readNetstat(
  output: string,
  names: ReadonlyMap<number, string>,
): Holder[] {
  return output.split("\n").flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const [protocol = "", local = "", foreign = ""] = words;
    const transport = protocol.toLowerCase();
    const at = splitAddress(local);
    if (!at || (transport !== "tcp" && transport !== "udp")) return [];
    const pid = Number(words.at(-1));
    const process = names.get(pid);
    const how = transport === "udp"
      ? "bound"
      : foreign.endsWith(":0")
      ? "listening"
      : "connected";
    // Closing connections belong to the system, with pid 0.
    const who = {
      ...(pid === 0 ? {} : { pid }),
      ...(pid === 0 || process === undefined ? {} : { process }),
    };
    return [{ ...at, transport, how, ...who } as const];
  });
}

/** Process names on Windows by id, from lines like `"name.exe","1234",...`. */
function taskNames(runtime: Runtime): Map<number, string> {
  const names = new Map<number, string>();
  try {
    const output = toolOutput(runtime, "tasklist", ["/FO", "CSV", "/NH"]);
    for (const [, name, pid] of output.matchAll(/^"([^"]*)","(\d+)"/gm)) {
      names.set(Number(pid), name!);
    }
  } catch {
    // Without tasklist, ids have to do.
  }
  return names;
}

/** Splits `127.0.0.1:80`, `[::1]:80`, `*:80`, `127.0.0.1%lo0:80` or `*.80`. */
function splitAddress(
  text: string,
): { address: string; port: number } | undefined {
  const match = /^\[?([^\]]*?)\]?[:.](\d+)$/.exec(text);
  const port = Number(match?.[2]);
  return match && port > 0 ? { address: match[1]!, port } : undefined;
}
