import { PortSet } from "../../lib/ports/port_set.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";

/** Where a machine says what it has promised to others than a store. */
const PROMISES =
  /^\/(?:etc\/(?:services$|port-for\.toml$|systemd\/)|(?:run|lib|usr\/lib|usr\/local\/lib)\/systemd\/)/;

/** Whether a path is one where a machine promises ports to others. */
export function isPromise(path: unknown): boolean {
  return typeof path === "string" && PROMISES.test(path);
}

/** An operation on files, for which those that promise ports are not there. */
function promisingNothing<T>(act: (path: string) => T): (path: string) => T {
  return (path) => {
    if (isPromise(path)) throw systemError("ENOENT");
    return act(path);
  };
}

/**
 * This machine, but for what a test says is otherwise, and for what it has
 * promised to others: that is a person's own business.
 */
export function realMachine(otherwise: Partial<Runtime>): Runtime {
  return {
    ...currentRuntime,
    readFile: promisingNothing(currentRuntime.readFile),
    readText: promisingNothing(currentRuntime.readText),
    stat: promisingNothing(currentRuntime.stat),
    realPath: promisingNothing(currentRuntime.realPath),
    readFolder: promisingNothing(currentRuntime.readFolder),
    ...otherwise,
  };
}

/** A machine that has only what a test gives it: to ask it for more throws. */
export function bareMachine(given: Partial<Runtime>): Runtime {
  return new Proxy(given, {
    get(target, key) {
      if (key in target) return Reflect.get(target, key);
      throw new Error(`nothing should ask this machine for ${String(key)}`);
    },
  }) as Runtime;
}

/** An error as the system reports it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`the system says ${code}`), { code });
}

/** A `readFile` for a few files of text; no other file is there. */
export function onlyFiles(
  texts: Readonly<Record<string, string>>,
): Runtime["readFile"] {
  return (path) => {
    const text = texts[path];
    if (text === undefined) throw systemError("ENOENT");
    return new TextEncoder().encode(text);
  };
}

/** Where Linux says what its ephemeral range is. */
export const RANGE_FILE = "/proc/sys/net/ipv4/ip_local_port_range";

/** Where Linux says what it is told to keep out of it. */
export const RESERVED_FILE = "/proc/sys/net/ipv4/ip_local_reserved_ports";

/** What is to be found on a `quietLinux`. */
export interface QuietLinux {
  /** The ephemeral range, in the kernel's form. */
  readonly ephemeral?: string;
  /** The ports reserved from it, in the kernel's form. */
  readonly reserved?: string;
  /** The ports that somebody holds over TCP. */
  readonly used?: PortSet;
  /** The same for UDP; without it, nobody should ask. */
  readonly usedByUdp?: PortSet;
}

/** A Linux without users, processes or sockets but those that a test names. */
export function quietLinux(
  {
    ephemeral = "32768\t60999\n",
    reserved = "\n",
    used = new PortSet(),
    usedByUdp,
  }: QuietLinux = {},
): Runtime {
  return bareMachine({
    os: "linux",
    userId: () => 0,
    readFile: onlyFiles({ [RANGE_FILE]: ephemeral, [RESERVED_FILE]: reserved }),
    readFolder: () => [],
    readLink: () => {
      throw systemError("ENOENT");
    },
    run: () => {
      throw systemError("ENOENT");
    },
    bindTcp: (_host, port) => used.has(port) ? "in use" : "bound",
    connectTcp: () => Promise.resolve("refused"),
    ...(usedByUdp && {
      bindUdp: (_host: string, port: number) =>
        Promise.resolve(usedByUdp.has(port) ? "in use" : "bound"),
    }),
  });
}
