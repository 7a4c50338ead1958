import { assertEquals, assertThrows } from "@std/assert";
import {
  formatReservedPorts,
  parseReservedPorts,
} from "../../lib/machine/reserved.ts";
import {
  readForeignSysctlFiles,
  readOwnSysctlFile,
  sysctlFile,
  sysctlFilesThatOverride,
  sysctlFileText,
} from "../../lib/kernel/sysctl_files.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import {
  bareMachine,
  onlyFiles,
  systemError,
} from "../support/fake_runtime.ts";

const KEY = "net.ipv4.ip_local_reserved_ports";
const OWN = "/etc/sysctl.d/99-zz-port-for.conf";

/** A machine that has only these files, by path. */
function machineWith(
  texts: Readonly<Record<string, string>>,
  moved?: string,
): Runtime {
  return bareMachine({
    os: "linux",
    env: (name) => name === "PORT_FOR_SYSCTL_DIR" ? moved : undefined,
    stat: (path) => {
      if (texts[path] === undefined) throw systemError("ENOENT");
      return { kind: "file" } as never;
    },
    readFile: onlyFiles(texts),
    readFolder: (folder) => {
      const names = Object.keys(texts)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1))
        .filter((name) => !name.includes("/"));
      if (names.length === 0) throw systemError("ENOENT");
      return names;
    },
  });
}

/** What others' files reserve, in the kernel's form. */
function foreign(texts: Readonly<Record<string, string>>): string {
  return formatReservedPorts(readForeignSysctlFiles(machineWith(texts)));
}

Deno.test("port-for's file is one that sysctl reads, behind the usual ones", () => {
  const file = sysctlFile(machineWith({}));
  assertEquals(file, OWN);
  for (const other of ["10-network.conf", "99-sysctl.conf", "99-z.conf"]) {
    assertEquals(file > `/etc/sysctl.d/${other}`, true);
  }
});

Deno.test("a variable moves the folder; an empty one does not", () => {
  const moved = "/tmp/sysctl.d";
  assertEquals(
    sysctlFile(machineWith({}, moved)),
    `${moved}/99-zz-port-for.conf`,
  );
  assertEquals(sysctlFile(machineWith({}, "")), OWN);
});

Deno.test("in a folder that was moved no other one is looked at", () => {
  const machine = machineWith({
    "/tmp/sysctl.d/50-app.conf": `${KEY} = 5000`,
    "/etc/sysctl.d/50-app.conf": `${KEY} = 6000`,
    "/etc/sysctl.conf": `${KEY} = 7000`,
  }, "/tmp/sysctl.d");
  assertEquals(formatReservedPorts(readForeignSysctlFiles(machine)), "5000");
});

Deno.test("the text of port-for's file is read back as what was written", () => {
  for (const list of ["8080", "8080,8090-8099,65535"]) {
    const ports = parseReservedPorts(list);
    const added = new Map([
      ["/etc/port-for.toml", ports],
      ['/home/"me"/a: 5\n6\\.toml', parseReservedPorts("8080")],
      ["/empty", parseReservedPorts("")],
    ]);
    const machine = machineWith({ [OWN]: sysctlFileText({ ports, added }) });
    const own = readOwnSysctlFile(machine);
    assertEquals(formatReservedPorts(own.ports), list);
    assertEquals(
      [...own.added].map(([path, ports]) => [path, formatReservedPorts(ports)]),
      [...added].map(([path, ports]) => [path, formatReservedPorts(ports)]),
    );
    assertEquals(readForeignSysctlFiles(machine).size, 0);
  }
});

Deno.test("what somebody wrote in place of a store's line is no line", () => {
  for (
    const line of [
      '# added for "/a": 5-4',
      '# added for "/a\\": 5',
      "# added for /a: 5",
      '# added for "/a": five',
      ' # added for "/a": 5',
    ]
  ) {
    const { added } = readOwnSysctlFile(machineWith({ [OWN]: `${line}\n` }));
    assertEquals(added.size, 0, line);
  }
});

Deno.test("the text of port-for's file says whose it is, and sets one key", () => {
  const ports = parseReservedPorts("8080,8081");
  const added = new Map([["/etc/port-for.toml", ports]]);
  const lines = sysctlFileText({ ports, added }).trimEnd().split("\n");
  assertEquals(lines[0]!.startsWith("# Written by port-for"), true);
  assertEquals(
    lines.filter((line) => !line.startsWith("#")),
    [`${KEY} = 8080-8081`],
  );
});

Deno.test("without a file nothing is reserved by it", () => {
  assertEquals(readOwnSysctlFile(machineWith({})).ports.size, 0);
  assertEquals(readForeignSysctlFiles(machineWith({})).size, 0);
});

Deno.test("all the folders that sysctl reads are looked into", () => {
  const folders = [
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
  ];
  const texts = folders.map((folder, at) =>
    [`${folder}/50-app.conf`, `${KEY} = ${5000 + 10 * at}`] as const
  );
  assertEquals(
    foreign({
      ...Object.fromEntries(texts),
      "/etc/sysctl.conf": `${KEY} = 6000`,
      [OWN]: `${KEY} = 7000`,
    }),
    "5000,5010,5020,5030,5040,6000",
  );
});

Deno.test("files that sysctl does not read are left out", () => {
  assertEquals(
    foreign({
      "/etc/sysctl.d/README": `${KEY} = 5000`,
      "/etc/sysctl.d/50-app.conf.dpkg-old": `${KEY} = 5001`,
      "/etc/sysctl.d/50-app.conf": `${KEY} = 5002`,
    }),
    "5002",
  );
});

Deno.test("each way to write the key is understood, and no other key", () => {
  for (
    const line of [
      `${KEY}=5000`,
      `  ${KEY}  =  5000  `,
      `-${KEY} = 5000`,
      `${KEY.replaceAll(".", "/")} = 5000`,
      `${KEY} = 5000\r`,
    ]
  ) {
    assertEquals(
      foreign({ "/etc/sysctl.conf": `# A comment\n\n${line}\n` }),
      "5000",
      line,
    );
  }
  for (
    const line of [
      `#${KEY} = 5000`,
      `;${KEY} = 5000`,
      "net.ipv4.ip_local_port_range = 5000 6000",
      `${KEY}x = 5000`,
      KEY,
    ]
  ) {
    assertEquals(foreign({ "/etc/sysctl.conf": `${line}\n` }), "", line);
  }
});

Deno.test("a line that the kernel will refuse does not hide the others", () => {
  assertEquals(
    foreign({
      "/etc/sysctl.d/50-app.conf": `${KEY} = many\n`,
      "/etc/sysctl.d/60-app.conf": `${KEY} = 70000\n${KEY} = 5000\n`,
    }),
    "5000",
  );
});

Deno.test("a file that may not be read, or is none, reserves nothing", () => {
  const stat = () => ({ kind: "file" } as never);
  for (const code of ["EACCES", "ENOENT", "EISDIR", "ELOOP"]) {
    const fails = () => {
      throw systemError(code);
    };
    for (const broken of [{ stat, readFile: fails }, { stat: fails }]) {
      const machine = bareMachine({
        os: "linux",
        env: () => undefined,
        readFolder: () => ["50-app.conf"],
        ...broken,
      });
      assertEquals(readForeignSysctlFiles(machine).size, 0, code);
    }
  }
});

Deno.test("a disk that fails is not taken for one without files", () => {
  const broken = () => {
    throw systemError("EIO");
  };
  const stat = () => ({ kind: "file" } as never);
  const given = { os: "linux", env: () => undefined, readFile: broken, stat };
  const inFile = bareMachine({ ...given, readFolder: () => ["50-app.conf"] });
  const inFolder = bareMachine({ ...given, readFolder: broken });
  for (const machine of [inFile, inFolder]) {
    assertThrows(() => readForeignSysctlFiles(machine), Error, "EIO");
  }
  assertThrows(() => readOwnSysctlFile(inFile), Error, "EIO");
});

Deno.test("only files that are read after port-for's override it", () => {
  const line = `${KEY} = 5000\n`;
  assertEquals(
    sysctlFilesThatOverride(machineWith({
      [OWN]: line,
      "/etc/sysctl.d/50-app.conf": line,
      "/etc/sysctl.d/99-zzz.conf": line,
      "/usr/lib/sysctl.d/zz.conf": line,
      "/usr/lib/sysctl.d/zzz.conf": "vm.swappiness = 1\n",
      "/etc/sysctl.conf": line,
    })).sort(),
    [
      "/etc/sysctl.conf",
      "/etc/sysctl.d/99-zzz.conf",
      "/usr/lib/sysctl.d/zz.conf",
    ],
  );
});
