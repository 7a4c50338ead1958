import { PortSet } from "../ports/port_set.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";
import { formatReservedPorts, parseReservedPorts } from "./reserved.ts";

/** What sysctl calls the reserved ports. */
const KEY = "net.ipv4.ip_local_reserved_ports";

/** Where sysctl.d(5) and sysctl(8) look at boot, all but the first for others. */
const FOLDERS = [
  "/etc/sysctl.d",
  "/run/sysctl.d",
  "/usr/local/lib/sysctl.d",
  "/usr/lib/sysctl.d",
  "/lib/sysctl.d",
];
const LAST_FILE = "/etc/sysctl.conf";

/**
 * The one file that port-for owns there. Files are read in the order of their
 * names, and the last to set a key wins: the name sorts behind all the usual
 * ones, and the file carries what theirs reserve as well.
 */
const FILE_NAME = "99-zz-port-for.conf";

/** The path of port-for's file; `PORT_FOR_SYSCTL_DIR` moves its folder. */
export function sysctlFile(runtime: Runtime): string {
  return `${runtime.env("PORT_FOR_SYSCTL_DIR") || FOLDERS[0]}/${FILE_NAME}`;
}

/** What port-for's file says. */
export interface OwnSysctlFile {
  /** All ports that it reserves at boot, those of others included. */
  readonly ports: PortSet;
  /** The ports that port-for has added to the kernel's, by store. */
  readonly added: ReadonlyMap<string, PortSet>;
}

/** Reads port-for's file; `ports` is empty without it. */
export function readOwnSysctlFile(runtime: Runtime): OwnSysctlFile {
  const file = sysctlFile(runtime);
  const added = new Map<string, PortSet>();
  for (const line of textOf(file, runtime).split("\n")) {
    const [, store, ports = ""] = ADDED.exec(line) ?? [];
    if (store === undefined) continue;
    try {
      added.set(JSON.parse(store), parseReservedPorts(ports));
    } catch {
      // Somebody has edited it: the store knows as well.
    }
  }
  return { ports: reservedIn(file, runtime), added };
}

/** A line for each store, so that only what was added is ever taken back. */
const ADDED = /^# added for ("(?:[^"\\]|\\.)*"): ([\d,-]*)$/;

/** The ports that anybody else's sysctl files reserve at boot. */
export function readForeignSysctlFiles(runtime: Runtime): PortSet {
  const foreign = new PortSet();
  for (const ports of foreignReservations(runtime).values()) {
    foreign.addAll(ports);
  }
  return foreign;
}

/** The same by file. */
export function foreignReservations(runtime: Runtime): Map<string, PortSet> {
  return new Map(
    foreignFiles(runtime).map((file) => [file, reservedIn(file, runtime)]),
  );
}

/** The other files that set the key and are read after port-for's. */
export function sysctlFilesThatOverride(runtime: Runtime): string[] {
  return foreignFiles(runtime).filter((file) => {
    const name = file.slice(file.lastIndexOf("/") + 1);
    return (file === LAST_FILE || name > FILE_NAME) &&
      valuesIn(file, runtime).length > 0;
  });
}

/** The text of port-for's file. */
export function sysctlFileText({ ports, added }: OwnSysctlFile): string {
  const lines = [...added].map(([store, ports]) =>
    `# added for ${JSON.stringify(store)}: ${formatReservedPorts(ports)}\n`
  );
  return `\
# Written by port-for (--reserve): do not edit, it will be replaced.
# Ports that the kernel must not hand out by itself: those of port-for's names,
# and all that others have reserved, which this file would hide. To free one of
# theirs, take it off the kernel's list, then run port-for --reserve.
${lines.join("")}${KEY} = ${formatReservedPorts(ports)}
`;
}

function foreignFiles(runtime: Runtime): string[] {
  const moved = runtime.env("PORT_FOR_SYSCTL_DIR");
  const folders = moved ? [moved] : FOLDERS;
  const files = folders.flatMap((folder) =>
    namesIn(folder, runtime)
      .filter((name) => name.endsWith(".conf") && name !== FILE_NAME)
      .map((name) => `${folder}/${name}`)
  );
  return moved ? files : [...files, LAST_FILE];
}

function reservedIn(file: string, runtime: Runtime): PortSet {
  const reserved = new PortSet();
  for (const value of valuesIn(file, runtime)) {
    try {
      reserved.addAll(parseReservedPorts(value));
    } catch {
      // The kernel will not understand this line either.
    }
  }
  return reserved;
}

/**
 * What a file sets the key to: `key = value`, with `.` or `/` in the key and
 * perhaps a `-` before it.
 */
function valuesIn(file: string, runtime: Runtime): string[] {
  return textOf(file, runtime).split("\n").flatMap((line) => {
    const [key = "", value = ""] = line.split("=", 2);
    const name = key.trim().replace(/^-/, "").replaceAll("/", ".");
    return name === KEY ? [value] : [];
  });
}

function textOf(file: string, runtime: Runtime): string {
  try {
    return new TextDecoder().decode(runtime.readFile(file));
  } catch (error) {
    if (isAbsent(error)) return "";
    throw error;
  }
}

function namesIn(folder: string, runtime: Runtime): string[] {
  try {
    return runtime.readFolder(folder);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

/** Not there, a dangling symlink, or not for this user to read. */
function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EISDIR", "EACCES"].includes(
    errorCode(error) ?? "",
  );
}
