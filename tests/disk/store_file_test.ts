import { assertEquals, assertThrows } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import { readStore } from "../../lib/disk/store_file.ts";
import { realMachine, systemError } from "../support/fake_runtime.ts";
import { TempFolder } from "../support/temp.ts";

const OLD = "[ports]\nold = 2000\n";

Deno.test("a store that does not exist is read as nothing", () => {
  using temp = new TempFolder();
  assertEquals(readStore(temp.file("no"), currentRuntime), undefined);
  assertEquals(readStore(temp.file("no/no"), currentRuntime), undefined);

  // It may vanish between a look and the reading.
  const path = temp.write("ports.toml", OLD);
  const open = () => {
    throw systemError("ENOENT");
  };
  assertEquals(readStore(path, realMachine({ open })), undefined);
});

Deno.test("a store that cannot be read says why", () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", OLD);
  const stat = () => {
    throw systemError("EACCES");
  };
  const error: PortForError = assertThrows(
    () => readStore(path, realMachine({ stat })),
    PortForError,
    `cannot read ${path}: permission denied`,
  );
  assertEquals(error.code, "NO_PERMISSION");

  assertThrows(
    () => readStore(temp.path, currentRuntime),
    PortForError,
    "it is not a regular file",
  );
});

Deno.test("what is not UTF-8 is told with its place", () => {
  for (
    const [bytes, place] of [
      [[0xff], "line 1, column 1"],
      [[0x61, 0x0a, 0x62, 0x63, 0xe9], "line 2, column 3"],
      // A replacement character that somebody wrote is no fault.
      [[0xef, 0xbf, 0xbd, 0x0a, 0x61, 0xff], "line 2, column 2"],
      // Cut off within a character.
      [[0x61, 0xf0, 0x9f, 0x98], "line 1, column 2"],
      // A surrogate, as some broken encoders write it.
      [[0x61, 0xed, 0xa0, 0x80], "line 1, column 2"],
    ] as const
  ) {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", Uint8Array.from(bytes));
    const error: PortForError = assertThrows(
      () => readStore(path, currentRuntime),
      PortForError,
      place,
    );
    assertEquals(error.code, "STORE_INVALID");
  }
});
