import { PortSet } from "../ports/port_set.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";
import {
  formatReservedPorts,
  parseReservedPorts,
} from "../machine/reserved.ts";

/** The sysctl key for reserved ports. */
const KEY = "net.ipv4.ip_local_reserved_ports";

/**
 * Where sysctl.d(5) and sysctl(8) look at boot. port-for writes to the first.
 */
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
 * names, and the last one to set a key wins. So the name sorts after the usual
 * ones, and the file repeats what the others reserve.
 */
const FILE_NAME = "99-zz-port-for.conf";

/** The path of port-for's file; `PORT_FOR_SYSCTL_DIR` moves its folder. */
export function sysctlFile(runtime: Runtime): string {
  return `${runtime.env("PORT_FOR_SYSCTL_DIR") || FOLDERS[0]}/${FILE_NAME}`;
}

/** The content of port-for's file. */
export interface OwnSysctlFile {
  /** All ports that it reserves at boot, including those of others. */
  readonly ports: PortSet;
  /** The ports that port-for added to the kernel's list, by store. */
  readonly added: ReadonlyMap<string, PortSet>;
  /** The kernel's list that was being written when port-for was cut short. */
  readonly unfinished?: PortSet;
}

/** Reads port-for's file. Without the file, everything is empty. */
export function readOwnSysctlFile(runtime: Runtime): OwnSysctlFile {
  const added = new Map<string, PortSet>();
  const text = textOf(sysctlFile(runtime), runtime);
  for (const line of text.split("\n")) {
    const [, store, ports = ""] = ADDED.exec(line) ?? [];
    if (store === undefined) continue;
    try {
      added.set(JSON.parse(store), parseReservedPorts(ports));
    } catch {
      // Somebody edited the line; the store has the same information.
    }
  }
  const [, list] = UNFINISHED.exec(text) ?? [];
  return {
    ports: reservedIn(text),
    added,
    ...(list === undefined ? {} : { unfinished: parseReservedPorts(list) }),
  };
}

/** A line that exists only while the kernel is told in several writes. */
const UNFINISHED = /^# being told: ([\d,-]*)$/m;

/** A line for each store, so that only what port-for added is taken back. */
const ADDED = /^# added for ("(?:[^"\\]|\\.)*"): ([\d,-]*)$/;

/** The ports that other sysctl files reserve at boot. */
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
    foreignFiles(runtime).map((
      file,
    ) => [file, reservedIn(textOf(file, runtime))]),
  );
}

/** The other files that set the key and are read after port-for's. */
export function sysctlFilesThatOverride(runtime: Runtime): string[] {
  return foreignFiles(runtime).filter((file) => {
    const name = file.slice(file.lastIndexOf("/") + 1);
    return (file === LAST_FILE || name > FILE_NAME) &&
      valuesIn(textOf(file, runtime)).length > 0;
  });
}

/** The text of port-for's file. */
export function sysctlFileText(
  { ports, added, unfinished }: OwnSysctlFile,
): string {
  const lines = [...added].map(([store, ports]) =>
    `# added for ${JSON.stringify(store)}: ${formatReservedPorts(ports)}\n`
  );
  if (unfinished) {
    lines.push(`# being told: ${formatReservedPorts(unfinished)}\n`);
  }
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

function reservedIn(text: string): PortSet {
  const reserved = new PortSet();
  for (const value of valuesIn(text)) {
    try {
      reserved.addAll(parseReservedPorts(value));
    } catch {
      // The kernel will not understand this line either.
    }
  }
  return reserved;
}

/**
 * The values that a file gives the key: `key = value`, with `.` or `/` in the
 * key and possibly a `-` before it.
 */
function valuesIn(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const [key = "", value = ""] = line.split("=", 2);
    const name = key.trim().replace(/^-/, "").replaceAll("/", ".");
    return name === KEY ? [value] : [];
  });
}

function textOf(file: string, runtime: Runtime): string {
  try {
    // Opening a FIFO would hang; a link to /dev/null masks a file.
    if (runtime.stat(file).kind !== "file") return "";
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

/** Missing, a broken symlink, or unreadable for this user. */
function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EISDIR", "EACCES", "ELOOP"].includes(
    errorCode(error) ?? "",
  );
}
