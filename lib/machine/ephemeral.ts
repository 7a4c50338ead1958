import { errorCode, type Runtime } from "../runtime/runtime.ts";
import { type PortSet, setOf } from "../ports/port_set.ts";
import { readReservedPorts } from "./reserved.ts";
import { toolOutput } from "./tool.ts";
import {
  formatPortRanges,
  isPort,
  type PortRange,
} from "../ports/port_range.ts";

/** The ephemeral ranges of a machine, and where they were read. */
export interface EphemeralRanges {
  /**
   * What the system hands out: the configured ranges without reserved ports.
   */
  readonly ranges: readonly PortRange[];
  /** The ranges as configured, inclusive at both ends. */
  readonly configured: readonly PortRange[];
  /** The ports that the kernel is told to keep out of them. */
  readonly reserved: PortSet;
  /** Where they were read: a file or a command. */
  readonly source: string;
  /** Why the default was used, if it was. */
  readonly warning?: string;
}

/** Reads the ephemeral ranges of this machine. */
export function readEphemeralRanges(runtime: Runtime): EphemeralRanges {
  const { configured, ...rest } = readConfigured(runtime);
  const reserved = readReservedPorts(runtime);
  const handedOut = configured.length === 1 && reserved.isEmpty
    ? configured
    : [...setOf(configured).deleteAll(reserved).ranges()];
  return { ranges: handedOut, configured, reserved, ...rest };
}

function readConfigured(
  runtime: Runtime,
): Pick<EphemeralRanges, "configured" | "source" | "warning"> {
  const system = SYSTEMS[runtime.os] ?? OTHER_SYSTEM;
  const failures: string[] = [];
  for (const { source, read } of system.sources) {
    try {
      const ranges = read(runtime);
      // Some systems report the same range twice, such as once per IP version.
      const configured = ranges.length === 1
        ? ranges
        : [...setOf(ranges).ranges()];
      if (configured.length > 0) return { configured, source };
      failures.push(`${source} does not say`);
    } catch (error) {
      failures.push(`${source}: ${reason(error)}`);
    }
  }
  return {
    configured: system.default,
    source: `the default of ${runtime.os}`,
    warning:
      `cannot read the ephemeral range (${
        failures.join("; ") || `port-for does not know ${runtime.os}`
      }): taking the default of ${runtime.os}, ` +
      formatPortRanges(system.default),
  };
}

interface System {
  /** Where to look, best first. */
  readonly sources: readonly {
    readonly source: string;
    readonly read: (runtime: Runtime) => PortRange[];
  }[];
  /** The documented default. */
  readonly default: readonly PortRange[];
}

const LINUX_FILE = "/proc/sys/net/ipv4/ip_local_port_range";

const LINUX: System = {
  sources: [
    {
      source: LINUX_FILE,
      read: (runtime) =>
        pairs(new TextDecoder().decode(runtime.readFile(LINUX_FILE))),
    },
    // Deno reads /proc only with --allow-all; sysctl needs only --allow-run.
    sysctl(["net.ipv4.ip_local_port_range"], ["-n"], pairs),
  ],
  default: [{ first: 32768, last: 60999 }],
};

/** FreeBSD's names; macOS and DragonFly have the same. */
const FREEBSD_SOURCES = [
  sysctl(["net.inet.ip.portrange"], [], (output) => [
    ...bounds(output, "portrange.first", "portrange.last"),
    ...bounds(output, "portrange.hifirst", "portrange.hilast"),
  ]),
];

const SYSTEMS: Record<string, System> = {
  linux: LINUX,
  android: LINUX,
  darwin: {
    sources: FREEBSD_SOURCES,
    default: [{ first: 49152, last: 65535 }],
  },
  freebsd: {
    sources: FREEBSD_SOURCES,
    default: [{ first: 10000, last: 65535 }],
  },
  dragonfly: {
    sources: FREEBSD_SOURCES,
    default: [{ first: 10000, last: 65535 }],
  },
  openbsd: {
    sources: [
      sysctl(
        ["portfirst", "portlast", "porthifirst", "porthilast"]
          .map((name) => `net.inet.ip.${name}`),
        [],
        (output) => [
          ...bounds(output, "portfirst", "portlast"),
          ...bounds(output, "porthifirst", "porthilast"),
        ],
      ),
    ],
    default: [{ first: 1024, last: 49151 }, { first: 49152, last: 65535 }],
  },
  netbsd: {
    sources: [
      sysctl(
        ["ip", "ip6"].flatMap((ip) =>
          ["min", "max"].map((end) =>
            `net.inet${ip.slice(2)}.${ip}.anonport${end}`
          )
        ),
        [],
        (output) => [
          ...bounds(output, "ip.anonportmin", "ip.anonportmax"),
          ...bounds(output, "ip6.anonportmin", "ip6.anonportmax"),
        ],
      ),
    ],
    default: [{ first: 49152, last: 65535 }],
  },
  windows: {
    sources: [{
      source: "netsh",
      read: (runtime) => [
        ...dynamicPorts(runtime, "ipv4"),
        ...dynamicPorts(runtime, "ipv6"),
      ],
    }],
    default: [{ first: 49152, last: 65535 }],
  },
};

/** For unknown systems: wide enough for the defaults of Linux and Solaris. */
const OTHER_SYSTEM: System = {
  sources: [],
  default: [{ first: 32768, last: 65535 }],
};

function sysctl(
  names: readonly string[],
  flags: readonly string[],
  ranges: (output: string) => PortRange[],
): System["sources"][number] {
  return {
    source: `sysctl ${names.join(" ")}`,
    read: (runtime) =>
      ranges(toolOutput(runtime, "sysctl", [...flags, ...names])),
  };
}

/** Reads two numbers: `32768   60999`. */
function pairs(text: string): PortRange[] {
  const match = /^\s*(\d+)\s+(\d+)\s*$/.exec(text);
  return match ? range(Number(match[1]), Number(match[2])) : [];
}

/**
 * Reads two lines of sysctl's output: `name: value`, `name = value` or
 * `name=value`.
 */
function bounds(output: string, first: string, last: string): PortRange[] {
  return range(valueOf(output, first), valueOf(output, last));
}

function valueOf(output: string, name: string): number {
  const line = output.split("\n").find((line) =>
    line.split(/[:=]/, 1)[0]!.trim().endsWith(`.${name}`)
  );
  return Number(/[:=]\s*(\d+)\s*$/.exec(line ?? "")?.[1] ?? NaN);
}

/**
 * Asks netsh. Its output is localized, but two lines end in numbers: the first
 * port and the count.
 */
function dynamicPorts(runtime: Runtime, ip: "ipv4" | "ipv6"): PortRange[] {
  const output = toolOutput(runtime, "netsh", [
    "interface",
    ip,
    "show",
    "dynamicport",
    "tcp",
  ]);
  const [first, count] = [...output.matchAll(/(\d+)\s*$/gm)]
    .map(([, number]) => Number(number));
  if (first === undefined || count === undefined) return [];
  return range(first, first + count - 1);
}

/** Some systems accept the bounds in reverse order. */
function range(a: number, b: number): PortRange[] {
  if (!isPort(a) || !isPort(b)) return [];
  return [{ first: Math.min(a, b), last: Math.max(a, b) }];
}

function reason(error: unknown): string {
  if (errorCode(error) === "ENOENT") return "not there";
  return error instanceof Error ? error.message : String(error);
}
