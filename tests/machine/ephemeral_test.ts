import { ephemeralPortRanges } from "../../lib/machine/good_ports.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { readEphemeralRanges } from "../../lib/machine/ephemeral.ts";
import type { PortRange } from "../../lib/ports/port_range.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import {
  bareMachine,
  quietLinux,
  RANGE_FILE,
  systemError,
} from "../support/fake_runtime.ts";
import {
  hasNamespaces,
  inNamespace,
  projectFile,
} from "../support/namespace.ts";

Deno.test("Linux says in a file what its ephemeral range is", () => {
  for (const text of ["32768\t60999\n", "32768 60999", "  32768   60999  "]) {
    const { ranges, source, warning } = readEphemeralRanges(
      quietLinux({ ephemeral: text }),
    );
    assertEquals(ranges, [{ first: 32768, last: 60999 }]);
    assertEquals(source, RANGE_FILE);
    assertEquals(warning, undefined);
  }
});

Deno.test("Linux asks sysctl where the file cannot be read", () => {
  const asked: string[][] = [];
  const { ranges, source, warning } = readEphemeralRanges(bareMachine({
    os: "linux",
    readFile: () => {
      throw systemError("EACCES");
    },
    run: (command, args) => {
      asked.push([command, ...args]);
      return { status: 0, output: "20000\t20999\n" };
    },
  }));
  assertEquals(asked, [["sysctl", "-n", "net.ipv4.ip_local_port_range"]]);
  assertEquals(ranges, [{ first: 20000, last: 20999 }]);
  assertStringIncludes(source, "sysctl");
  assertEquals(warning, undefined);
});

Deno.test("Linux has its default where the file says no range, and warns", () => {
  for (
    const text of [
      ...["", "\n", "garbage", "32768", "32768 60999 1", "32768-60999"],
      ...["0 60999", "32768 65536", "-1 5", "32768.5 60999", "32768, 60999"],
    ]
  ) {
    const { ranges, source, warning = "" } = readEphemeralRanges(
      quietLinux({ ephemeral: text }),
    );
    assertEquals(ranges, [{ first: 32768, last: 60999 }], text);
    assertEquals(source, "the default of linux");
    // One warning, with every place that was looked at.
    for (const part of [RANGE_FILE, "sysctl", "32768-60999"]) {
      assertStringIncludes(warning, part);
    }
  }
});

/** What FreeBSD and its relatives print for `sysctl net.inet.ip.portrange`. */
function portrange(
  { first, last, hifirst, hilast }: Record<string, number>,
): string {
  return `net.inet.ip.portrange.randomized: 1
net.inet.ip.portrange.reservedlow: 0
net.inet.ip.portrange.reservedhigh: 1023
net.inet.ip.portrange.hilast: ${hilast}
net.inet.ip.portrange.hifirst: ${hifirst}
net.inet.ip.portrange.last: ${last}
net.inet.ip.portrange.first: ${first}
net.inet.ip.portrange.lowlast: 600
net.inet.ip.portrange.lowfirst: 1023
`;
}

const MAC = portrange({
  first: 49152,
  last: 65535,
  hifirst: 49152,
  hilast: 65535,
});

const ENGLISH = `
Protocol tcp Dynamic Port Range
---------------------------------
Start Port      : 49152
Number of Ports : 16384

`;

const GERMAN = `
Protokoll tcp-Bereich f\u00fcr dynamische Ports
---------------------------------
Startport       : 20000
Anzahl von Ports: 1000

`;

for (
  const [system, os, output, expected] of [
    ["a Mac", "darwin", MAC, [{ first: 49152, last: 65535 }]],
    [
      "FreeBSD",
      "freebsd",
      portrange({ first: 10000, last: 65535, hifirst: 49152, hilast: 65535 }),
      [{ first: 10000, last: 65535 }],
    ],
    [
      "a FreeBSD with two ranges apart",
      "freebsd",
      portrange({ first: 10000, last: 20000, hifirst: 50000, hilast: 60000 }),
      [{ first: 10000, last: 20000 }, { first: 50000, last: 60000 }],
    ],
    [
      // The system then hands out the ports from the highest down.
      "a Mac whose low bound is above the high one",
      "darwin",
      portrange({ first: 60000, last: 50000, hifirst: 65535, hilast: 61000 }),
      [{ first: 50000, last: 60000 }, { first: 61000, last: 65535 }],
    ],
    [
      "OpenBSD",
      "openbsd",
      `net.inet.ip.portfirst=1024
net.inet.ip.portlast=49151
net.inet.ip.porthifirst=49152
net.inet.ip.porthilast=65535
`,
      [{ first: 1024, last: 65535 }],
    ],
    [
      "NetBSD",
      "netbsd",
      `net.inet.ip.anonportmin = 49152
net.inet.ip.anonportmax = 65535
net.inet6.ip6.anonportmin = 40000
net.inet6.ip6.anonportmax = 41000
`,
      [{ first: 40000, last: 41000 }, { first: 49152, last: 65535 }],
    ],
    [
      "a NetBSD without IPv6",
      "netbsd",
      "net.inet.ip.anonportmin = 50000\nnet.inet.ip.anonportmax = 50999\n",
      [{ first: 50000, last: 50999 }],
    ],
    ["Windows", "windows", ENGLISH, [{ first: 49152, last: 65535 }]],
    [
      "Windows with its line ends",
      "windows",
      ENGLISH.replaceAll("\n", "\r\n"),
      [{ first: 49152, last: 65535 }],
    ],
    ["a German Windows", "windows", GERMAN, [{ first: 20000, last: 20999 }]],
  ] satisfies [string, string, string, PortRange[]][]
) {
  Deno.test(`${system} says what its ephemeral ranges are`, () => {
    const read = readEphemeralRanges(printing(os, output));
    assertEquals(read.ranges, expected);
    assertEquals(read.warning, undefined);
    // A Mac names one range for ordinary and for high ports, Windows for both
    // IP versions: in messages it is one.
    if (expected.length === 1 && !system.includes("BSD")) {
      assertEquals(read.configured, expected);
    }
  });
}

Deno.test("Windows is asked about both IP versions", () => {
  const { ranges } = readEphemeralRanges(bareMachine({
    os: "windows",
    run: (command, args) => {
      assertEquals(command, "netsh");
      assertMatch(
        args.join(" "),
        /^interface ipv[46] show dynamicport tcp$/,
      );
      return { status: 0, output: args.includes("ipv6") ? GERMAN : ENGLISH };
    },
  }));
  assertEquals(ranges, [
    { first: 20000, last: 20999 },
    { first: 49152, last: 65535 },
  ]);
});

const DEFAULTS = {
  darwin: [{ first: 49152, last: 65535 }],
  freebsd: [{ first: 10000, last: 65535 }],
  openbsd: [{ first: 1024, last: 65535 }],
  netbsd: [{ first: 49152, last: 65535 }],
  windows: [{ first: 49152, last: 65535 }],
};

Deno.test("a system has its default where its tool is missing or prints garbage", () => {
  const missing = () => {
    throw systemError("ENOENT");
  };
  const garbage = ["", "sysctl: unknown oid", "a: b\nc = d\n: 1\n"];
  for (const [os, expected] of Object.entries(DEFAULTS)) {
    for (
      const [machine, why] of [
        [bareMachine({ os, run: missing }), "not there"],
        ...garbage.map((text) => [printing(os, text), "not say"] as const),
      ] as const
    ) {
      const { ranges, source, warning = "" } = readEphemeralRanges(machine);
      assertEquals(ranges, expected);
      assertEquals(source, `the default of ${os}`);
      assertStringIncludes(warning, why);
    }
  }
});

Deno.test("numbers that are no ports make no range", () => {
  const impossible = { first: 0, last: 70000, hifirst: 50000, hilast: 50999 };
  assertEquals(
    readEphemeralRanges(printing("freebsd", portrange(impossible))).ranges,
    [{ first: 50000, last: 50999 }],
  );
  // 65000 and the 1000 ports that follow it go beyond the last port.
  const beyond = ENGLISH.replace("49152", "65000");
  const { ranges, warning } = readEphemeralRanges(printing("windows", beyond));
  assertEquals(ranges, DEFAULTS.windows);
  assertStringIncludes(warning ?? "", "netsh does not say");
});

/** A system whose tool prints this. */
function printing(os: string, output: string): Runtime {
  return bareMachine({ os, run: () => ({ status: 0, output }) });
}

Deno.test("a system that port-for does not know gets a cautious default", () => {
  const { ranges, warning } = readEphemeralRanges(
    bareMachine({ os: "solaris" }),
  );
  assertEquals(ranges, [{ first: 32768, last: 65535 }]);
  assertStringIncludes(warning ?? "", "solaris");
  assert(!warning?.includes("()"), `nothing in parentheses: ${warning}`);
});

Deno.test("ports that Linux is told to reserve are not handed out", () => {
  const read = readEphemeralRanges(
    quietLinux({ reserved: "8080,40000-40009\n" }),
  );
  assertEquals(read.ranges, [
    { first: 32768, last: 39999 },
    { first: 40010, last: 60999 },
  ]);
  assertEquals(read.configured, [{ first: 32768, last: 60999 }]);
});

Deno.test("this machine says what its ephemeral ranges are", () => {
  const { ranges, warning } = readEphemeralRanges(currentRuntime);
  assertEquals(warning, undefined);
  assert(ranges.length > 0);
  assertEquals(ephemeralPortRanges(), [...ranges]);
});

Deno.test({
  name: "the ephemeral range is the one configured here and now",
  ignore: !hasNamespaces,
  fn: async () => {
    const ephemeral = projectFile("lib/machine/ephemeral.ts");
    // In the end sysctl says the same, where Deno may not read the file.
    const inside = await inNamespace(
      `echo 20000 20999 > ${RANGE_FILE}`,
      `import { readEphemeralRanges } from ${ephemeral};
       import { currentRuntime } from ${projectFile("lib/runtime/current.ts")};
       const read = () => {
         const { ranges, source } = readEphemeralRanges(currentRuntime);
         return [ranges, source];
       };
       const before = read();
       Deno.permissions.revokeSync({ name: "read" });
       console.log(JSON.stringify([before, read()]));`,
    );
    const ranges = [{ first: 20000, last: 20999 }];
    const sysctl = "sysctl net.ipv4.ip_local_port_range";
    assertEquals(inside, [[ranges, RANGE_FILE], [ranges, sysctl]]);
  },
});
