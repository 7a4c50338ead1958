import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  fitsOneWrite,
  formatReservedPorts,
  parseReservedPorts,
  readKernelReservations,
  readReservedPorts,
  writeKernelReservations,
} from "../../lib/machine/reserved.ts";
import { portSet } from "../../lib/ports/port_set.ts";
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
import { refused } from "../support/refused.ts";

/** What a machine is read to reserve, in the kernel's form. */
function reservedOn(machine: Runtime): string {
  return formatReservedPorts(readReservedPorts(machine));
}

Deno.test("the ports that Linux is told to reserve are read, and of no other system", () => {
  for (const text of ["", "8080", "8080,40000-40009,65535"]) {
    assertEquals(reservedOn(quietLinux({ reserved: `${text}\n` })), text);
  }
  for (const os of ["darwin", "windows", "freebsd"]) {
    assertEquals(reservedOn(bareMachine({ os })), "");
  }
});

Deno.test("where they cannot be read there are none; who is to change them is told why", () => {
  for (const code of ["ENOENT", "EACCES"]) {
    const readFile = () => {
      throw systemError(code);
    };
    const machine = bareMachine({ os: "linux", readFile });
    assertEquals(reservedOn(machine), "");
    assertThrows(() => readKernelReservations(machine), Error, code);
  }
});

Deno.test("a list is read with any of the separators that sysctl files have", async () => {
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
  const bad = ["x", "-5", "5-", "8081-8080", "65536", "1-65536", "0x50"];
  for (const part of [...bad, "5-6-7"]) {
    const act = () => parseReservedPorts(`8080,${part}`);
    await refused("FAILED", act, JSON.stringify(part));
  }
});

Deno.test("the kernel is told the whole list, and its file is closed", () => {
  for (
    const [list, failure] of [["8080,8090-8099"], [""], [
      "1",
      "EINVAL",
    ]] as const
  ) {
    const done: string[] = [];
    const file: Partial<OpenFile> = {
      write: (bytes) => {
        if (failure) throw systemError(failure);
        done.push(new TextDecoder().decode(bytes));
      },
      close: () => void done.push("closed"),
    };
    const open = (path: string) => {
      assertEquals(path, RESERVED_FILE);
      return file as OpenFile;
    };
    const write = () =>
      writeKernelReservations(
        parseReservedPorts(list),
        bareMachine({ os: "linux", open }),
      );
    if (failure) assertThrows(write, Error, failure);
    else write();
    assertEquals(done, [...failure ? [] : [`${list}\n`], "closed"]);
  }
});

Deno.test("Linux takes no more than 4091 bytes of a list in one step", () => {
  // Each has five digits, and a comma but for the last.
  const list = (count: number) =>
    portSet(Array.from({ length: count }, (_, at) => 10001 + 2 * at));
  assert(fitsOneWrite(list(682)));
  assert(!fitsOneWrite(list(683)));
});

Deno.test({
  // A sysctl's file gives all of its text to the first read, or cuts it off;
  // and Linux allows for port 0.
  name: "what the kernel has is read, to the end of a long list",
  ignore: !hasNamespaces,
  fn: async () => {
    const long = Array.from({ length: 2000 }, (_, at) => 2000 + 2 * at);
    for (
      const [list, ports] of [
        ["0-5,40000", [1, 2, 3, 4, 5, 40000]],
        [long.join(), long],
      ] as const
    ) {
      const found = await inNamespace(
        `echo ${list} > ${RESERVED_FILE}`,
        `import { readReservedPorts } from ${RESERVED};
         import { currentRuntime } from ${CURRENT};
         const reserved = [...readReservedPorts(currentRuntime)];
         console.log(JSON.stringify(reserved.filter((port) => port > 0)));`,
      );
      assertEquals(found, ports as unknown);
    }
  },
});

const RESERVED = projectFile("lib/machine/reserved.ts");
const CURRENT = projectFile("lib/runtime/current.ts");
