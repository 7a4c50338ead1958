import { assertEquals, assertThrows } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import {
  formatReservedPorts,
  parseReservedPorts,
  readKernelReservations,
  readReservedPorts,
  writeKernelReservations,
} from "../../lib/machine/reserved.ts";
import { formatPortRange } from "../../lib/ports/port_range.ts";
import { type PortSet, portSet } from "../../lib/ports/port_set.ts";
import type { OpenFile, Runtime } from "../../lib/runtime/runtime.ts";
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

Deno.test("who is to change what is reserved is told why that cannot be read", () => {
  for (const code of ["ENOENT", "EACCES"]) {
    const readFile = () => {
      throw systemError(code);
    };
    assertThrows(
      () => readKernelReservations(bareMachine({ os: "linux", readFile })),
      Error,
      code,
    );
  }
});

Deno.test("a list is read with any of the separators that sysctl files have", () => {
  for (
    const [text, list] of [
      [" 8080 ", "8080"],
      ["8080,8081,8083", "8080-8081,8083"],
      ["8080, 8090-8092\n", "8080,8090-8092"],
      ["8080 8090\t8100", "8080,8090,8100"],
      ["8090,8080,8085-8095", "8080,8085-8095"],
      [",,8080,", "8080"],
      ["1-65535", "1-65535"],
    ] as const
  ) {
    assertEquals(formatReservedPorts(parseReservedPorts(text)), list);
  }
});

Deno.test("what is no list of ports is refused", () => {
  for (
    const part of [
      "x",
      "-5",
      "5-",
      "8081-8080",
      "65536",
      "1-65536",
      "0x50",
      "5-6-7",
    ]
  ) {
    assertThrows(
      () => parseReservedPorts(`8080,${part}`),
      PortForError,
      JSON.stringify(part),
    );
  }
});

Deno.test("the kernel is told the whole list, and an empty one as a line", () => {
  for (const list of ["8080,8090-8099", ""]) {
    const { runtime, written, isClosed } = kernelFile();
    writeKernelReservations(parseReservedPorts(list), runtime);
    assertEquals(written(), `${list}\n`);
    assertEquals(isClosed(), true);
  }
});

Deno.test("the kernel's file is closed where writing fails", () => {
  const { runtime, isClosed } = kernelFile("EINVAL");
  assertThrows(
    () => writeKernelReservations(portSet(8080), runtime),
    Error,
    "EINVAL",
  );
  assertEquals(isClosed(), true);
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

/** A machine that has only the kernel's file, and what becomes of that. */
function kernelFile(failure?: string): {
  runtime: Runtime;
  written: () => string;
  isClosed: () => boolean;
} {
  let text = "";
  let closed = false;
  const file: Partial<OpenFile> = {
    write: (bytes) => {
      if (failure !== undefined) throw systemError(failure);
      text += new TextDecoder().decode(bytes);
    },
    close: () => void (closed = true),
  };
  const open = (path: string) => {
    assertEquals(path, RESERVED_FILE);
    return file as OpenFile;
  };
  return {
    runtime: bareMachine({ os: "linux", open }),
    written: () => text,
    isClosed: () => closed,
  };
}
