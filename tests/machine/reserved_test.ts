import { assertEquals } from "@std/assert";
import { readReservedPorts } from "../../lib/machine/reserved.ts";
import { formatPortRange } from "../../lib/ports/port_range.ts";
import type { PortSet } from "../../lib/ports/port_set.ts";
import {
  bareMachine,
  quietLinux,
  RESERVED_FILE,
  systemError,
} from "../support/fake_runtime.ts";
import {
  hasNamespaces,
  inNamespace,
  projectFile,
} from "../support/namespace.ts";

/** Ports in the kernel's own form. */
function written(ports: PortSet): string {
  return [...ports.ranges()].map(formatPortRange).join(",");
}

Deno.test("the ports that Linux is told to reserve are read", () => {
  for (const text of ["", "8080", "8080,40000-40009,65535"]) {
    const reserved = readReservedPorts(quietLinux({ reserved: `${text}\n` }));
    assertEquals(written(reserved), text);
  }
});

Deno.test("no ports are reserved where that cannot be read", () => {
  for (const code of ["ENOENT", "EACCES"]) {
    const readFile = () => {
      throw systemError(code);
    };
    const reserved = readReservedPorts(bareMachine({ os: "linux", readFile }));
    assertEquals(written(reserved), "");
  }
});

Deno.test("other systems are not asked which ports are reserved", () => {
  for (const os of ["darwin", "windows", "freebsd"]) {
    assertEquals(written(readReservedPorts(bareMachine({ os }))), "");
  }
});

Deno.test({
  name: "a list that reserves port 0 too, as Linux allows, is read",
  ignore: !hasNamespaces,
  fn: async () => {
    assertEquals(await readBack("0-5,40000"), [1, 2, 3, 4, 5, 40000]);
  },
});

Deno.test({
  // A sysctl's file gives all of its text to the first read, or cuts it off.
  name: "a long list is read to its end",
  ignore: !hasNamespaces,
  fn: async () => {
    const ports = Array.from({ length: 2000 }, (_, at) => 2000 + 2 * at);
    assertEquals(await readBack(ports.join(",")), ports);
  },
});

/** The ports from 1 on that are read where Linux is told this list. */
function readBack(list: string): Promise<unknown> {
  return inNamespace(
    `echo ${list} > ${RESERVED_FILE}`,
    `import { readReservedPorts } from ${
      projectFile("lib/machine/reserved.ts")
    };
     import { currentRuntime } from ${projectFile("lib/runtime/current.ts")};
     const reserved = [...readReservedPorts(currentRuntime)];
     console.log(JSON.stringify(reserved.filter((port) => port > 0)));`,
  );
}
