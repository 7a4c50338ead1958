import { assert, assertEquals, assertThrows } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import {
  flushFolderOf,
  giveLike,
  replaceFile,
} from "../../lib/disk/replace_file.ts";
import { readStore } from "../../lib/disk/store_file.ts";
import { realMachine, systemError } from "../support/fake_runtime.ts";
import { TempFolder } from "../support/temp.ts";

const HOW = { isStillGood: () => true };

/** Replaces a file as it is now. */
function replace(
  path: string,
  text: string,
  { runtime = currentRuntime, isStillGood = () => true }: {
    runtime?: Runtime;
    isStillGood?: () => boolean;
  } = {},
): boolean {
  const before = readStore(path, runtime);
  return replaceFile(path, before, text, { isStillGood }, runtime);
}

Deno.test("a file is created, then replaced by another one", () => {
  using temp = new TempFolder();
  const path = temp.file("file");

  assert(replace(path, "old"));
  const { ino } = Deno.statSync(path);
  assert(replace(path, "new \u{1f600}"));

  assertEquals(temp.read("file"), "new \u{1f600}");
  assert(Deno.statSync(path).ino !== ino);
  assertEquals(temp.names(), ["file"]);
});

Deno.test("whatever was opened is closed, also where writing fails", () => {
  for (const failing of [undefined, "write", "sync"] as const) {
    using temp = new TempFolder();
    const path = temp.write("file", "old");
    let left = 0;
    const fail = () => {
      throw systemError("EIO");
    };
    const runtime = realMachine({
      open: (path, how) => {
        const file = currentRuntime.open(path, how);
        left++;
        const close = () => {
          left--;
          file.close();
        };
        return { ...file, ...(failing ? { [failing]: fail } : {}), close };
      },
    });
    const act = () => replace(path, "new", { runtime });
    if (failing) assertThrows(act);
    else act();
    assertEquals(left, 0, failing);
  }
});

Deno.test("a file is nobody's to read until it has the mode of the old one", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "old");
  Deno.chmodSync(path, 0o640);
  const modes: unknown[] = [];
  const runtime = realMachine({
    open: (path, how) => {
      const file = currentRuntime.open(path, how);
      const write = (bytes: Uint8Array) => {
        modes.push(Deno.statSync(path).mode! & 0o777);
        file.write(bytes);
      };
      return { ...file, write };
    },
  });
  replace(path, "new", { runtime });

  assertEquals(modes, [0o600]);
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
});

Deno.test("a file whose text changed meanwhile is left alone", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "old");
  const before = readStore(path, currentRuntime);
  const { mtime } = Deno.statSync(path);
  temp.write("file", "new");
  // Nothing else tells of it: the clock of files may be coarse.
  Deno.utimeSync(path, mtime!, mtime!);

  assert(!replaceFile(path, before, "ours", HOW, currentRuntime));
  assertEquals(temp.read("file"), "new");
  assertEquals(temp.names(), ["file"]);
});

Deno.test("a file whose mode changed meanwhile is left alone", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "old");
  const before = readStore(path, currentRuntime);
  Deno.chmodSync(path, 0o640);

  assert(!replaceFile(path, before, "ours", HOW, currentRuntime));
  assertEquals(temp.read("file"), "old");
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
});

Deno.test("a file is left alone where something else is no longer good", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "old");

  assert(!replace(path, "new", { isStillGood: () => false }));
  assertEquals(temp.read("file"), "old");
  assertEquals(temp.names(), ["file"]);
});

Deno.test("a file that appeared where there was none is left alone", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "theirs");

  assert(!replaceFile(path, undefined, "ours", HOW, currentRuntime));
  assertEquals(temp.read("file"), "theirs");
  assertEquals(temp.names(), ["file"]);
});

Deno.test("a temporary file that is not ours any more is not renamed", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "old");
  const runtime = realMachine({
    open: (path, how) => {
      const file = currentRuntime.open(path, how);
      const sync = () => {
        Deno.removeSync(path);
        Deno.writeTextFileSync(path, "theirs");
      };
      return { ...file, sync };
    },
  });

  assert(!replace(path, "new", { runtime }));
  assertEquals(temp.read("file"), "old");
});

/**
 * This machine, to whose user the file belongs to somebody else.
 *
 * @param chown What giving a file away does.
 */
function withForeignFile(
  chown: (user: number | undefined, group: number | undefined) => void,
): Runtime {
  return realMachine({
    open: (path, how) => {
      const file = currentRuntime.open(path, how);
      const stat = () => ({ ...file.stat(), userId: 7, groupId: 8 });
      return how.readOnly ? { ...file, stat } : { ...file, chown };
    },
  });
}

Deno.test("who may not give the file away keeps its group and its mode", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "old");
  Deno.chmodSync(path, 0o660);
  const chowned: unknown[] = [];
  const runtime = withForeignFile((user, group) => {
    chowned.push([user, group]);
    if (user !== undefined) throw systemError("EPERM");
  });

  assert(replace(path, "new", { runtime }));
  assertEquals(temp.read("file"), "new");
  assertEquals(chowned, [[7, 8], [undefined, 8]]);
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o660);
});

Deno.test("a group that cannot be kept is a failure", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "old");
  const runtime = withForeignFile(() => {
    throw systemError("EPERM");
  });
  const error: PortForError = assertThrows(
    () => replace(path, "new", { runtime }),
    PortForError,
    `cannot write ${path}: operation not permitted`,
  );

  assertEquals(error.code, "NO_PERMISSION");
  assertEquals(temp.read("file"), "old");
  assertEquals(temp.names(), ["file"]);
});

Deno.test("a folder that cannot be flushed is no failure where that is usual", () => {
  for (const code of ["EINVAL", "ENOTSUP", "ENOSYS", "EACCES"]) {
    const syncFolder = () => {
      throw systemError(code);
    };
    flushFolderOf("/x/file", realMachine({ syncFolder }));
  }
});

Deno.test("a disk that fails while the folder is flushed is a failure", () => {
  const syncFolder = () => {
    throw systemError("EIO");
  };

  assertThrows(
    () => flushFolderOf("/x/file", realMachine({ syncFolder })),
    PortForError,
    "cannot flush /x/file to disk: the device failed",
  );
});

Deno.test("a file is given as another's owner, group and mode as far as may be", () => {
  using temp = new TempFolder();
  const path = temp.file("file");
  const file = currentRuntime.open(path, { createNew: true, mode: 0o600 });
  try {
    const { userId, groupId } = file.stat();
    giveLike(file, { userId, groupId, mode: 0o640 });
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
    giveLike(file, { userId, groupId, mode: undefined });
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o640);
  } finally {
    file.close();
  }
});

Deno.test("a new file has the mode that is asked for, whatever the umask", () => {
  using temp = new TempFolder();
  const path = temp.file("file");
  const before = Deno.umask(0o077);
  try {
    const how = { ...HOW, like: { mode: 0o644 } };
    assert(replaceFile(path, undefined, "new", how, currentRuntime));
  } finally {
    Deno.umask(before);
  }
  assertEquals(Deno.statSync(path).mode! & 0o777, 0o644);
});
