import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { OpenFile, Runtime } from "../../lib/runtime/runtime.ts";
import { readStore } from "../../lib/disk/store_file.ts";
import { type StoreChange, updateStore } from "../../lib/disk/store_update.ts";
import { createFolderOf } from "../../lib/disk/new_files.ts";
import { isFolder } from "../../lib/runtime/presence.ts";
import { realMachine, systemError } from "../support/fake_runtime.ts";
import { TempFolder } from "../support/temp.ts";

/** Nobody else has the lock. */
const AT_ONCE = { wait: 0, mayBlock: false };

const OLD = "[ports]\nold = 2000\n";
const NEW = "[ports]\nold = 2000\nnew = 2001\n";

/** Replaces the text of a store, whatever it was. */
function replace(
  path: string,
  text: string,
  runtime: Runtime = currentRuntime,
): Promise<void> {
  return updateStore(
    path,
    AT_ONCE,
    runtime,
    () => Promise.resolve({ text }),
  );
}

/** The operations of a change, each of which may fail. */
const FILE_SYSTEM = [
  "stat",
  "lstat",
  "readLink",
  "realPath",
  "open",
  "syncFolder",
  "makeFolder",
  "rename",
  "remove",
] as const satisfies readonly (keyof Runtime)[];
const OPEN_FILE = [
  "stat",
  "read",
  "write",
  "sync",
  "lock",
  "chmod",
  "chown",
] as const satisfies readonly (keyof OpenFile)[];

/**
 * This machine; `before` is told of each operation, and may throw instead.
 *
 * @param opened Takes the files that are opened.
 */
function watched(
  before: (operation: string) => void,
  opened: OpenFile[] = [],
): Runtime {
  const told = <T extends object>(
    target: T,
    names: readonly (keyof T & string)[],
    prefix = "",
  ): T =>
    Object.assign(
      { ...target },
      Object.fromEntries(names.map((name) => [
        name,
        (...args: unknown[]) => {
          before(prefix + name);
          return (target[name] as (...args: unknown[]) => unknown)(...args);
        },
      ])),
    );
  const runtime = told(currentRuntime, FILE_SYSTEM);
  return {
    ...runtime,
    open: (path, how) => {
      const file = runtime.open(path, how);
      opened.push(file);
      return told(file, OPEN_FILE, "file.");
    },
  };
}

function closeIfOpen(file: OpenFile): void {
  try {
    file.close();
  } catch {
    // It is closed.
  }
}

/** The operations of one change of a store that is there already. */
async function operations(): Promise<string[]> {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", OLD);
  const seen: string[] = [];
  await replace(path, NEW, watched((operation) => seen.push(operation)));
  assertEquals(temp.read("ports.toml"), NEW);
  return seen;
}

Deno.test("the new text is on disk before it takes the old one's place, the folder after", async () => {
  const seen = await operations();
  const [write, sync, rename, syncFolder] = [
    "file.write",
    "file.sync",
    "rename",
    "syncFolder",
  ].map((operation) => seen.lastIndexOf(operation));

  assert(0 < write! && write! < sync! && sync! < rename!, seen.join());
  assert(rename! < syncFolder!, seen.join());
});

Deno.test("whatever fails, the store is the old one and nothing is left over", async () => {
  const all = await operations();
  for (const [at, name] of all.entries()) {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", OLD);
    let seen = 0;
    const runtime = watched(() => {
      if (seen++ === at) throw systemError("EIO");
    });

    const error: PortForError = await assertRejects(
      () => replace(path, NEW, runtime),
      PortForError,
      undefined,
      `where ${name} (${at}) fails`,
    );

    assertEquals(error.code, "FAILED");
    // Only the flushing of the folder comes behind the replacement.
    const expected = name === "syncFolder" ? NEW : OLD;
    assertEquals(temp.read("ports.toml"), expected, name);
    assert(!temp.names().includes("ports.toml.tmp"), name);
    // The lock is free again.
    await replace(path, NEW);
  }
});

Deno.test("wherever a process dies, the store is whole and the next one works", async () => {
  const all = await operations();
  for (const [at, name] of all.entries()) {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", OLD);
    let seen = 0;
    const opened: OpenFile[] = [];
    const runtime = watched(() => {
      if (seen++ >= at) throw new Error("dead");
    }, opened);

    await assertRejects(() => replace(path, NEW, runtime));
    // What a process has open, its lock included, goes with it.
    opened.forEach(closeIfOpen);
    const text = temp.read("ports.toml");
    assert(text === OLD || text === NEW, `${name}: ${text}`);

    await replace(path, `${NEW}# more\n`);
    assertEquals(temp.read("ports.toml"), `${NEW}# more\n`);
    assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
  }
});

Deno.test("what an editor saves between reading and writing is not lost", async () => {
  const editors: Record<string, (path: string, text: string) => void> = {
    "writes another file and renames it": (path, text) => {
      Deno.writeTextFileSync(`${path}~`, text);
      Deno.renameSync(`${path}~`, path);
    },
    "writes into the file": (path, text) => Deno.writeTextFileSync(path, text),
  };
  for (const [how, save] of Object.entries(editors)) {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", OLD);
    const seen: (string | undefined)[] = [];

    await updateStore(
      path,
      { wait: 0, mayBlock: false },
      currentRuntime,
      (text) => {
        seen.push(text);
        if (seen.length === 1) save(path, `${OLD}# saved\n`);
        return Promise.resolve({ text: `${text}new = 2001\n` });
      },
    );

    assertEquals(seen, [OLD, `${OLD}# saved\n`], how);
    assertEquals(temp.read("ports.toml"), `${OLD}# saved\nnew = 2001\n`, how);
    assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"], how);
  }
});

Deno.test("a store that appears or vanishes meanwhile is read again", async () => {
  using temp = new TempFolder();
  const path = temp.file("ports.toml");
  const seen: (string | undefined)[] = [];
  const update = () =>
    updateStore(path, AT_ONCE, currentRuntime, (text) => {
      seen.push(text);
      if (seen.length === 1) Deno.writeTextFileSync(path, OLD);
      if (seen.length === 3) Deno.removeSync(path);
      return Promise.resolve({ text: `${text ?? ""}new = 2001\n` });
    });

  await update();
  assertEquals(temp.read("ports.toml"), NEW);
  await update();
  assertEquals(temp.read("ports.toml"), "new = 2001\n");
  assertEquals(seen, [undefined, OLD, NEW, undefined]);
});

Deno.test("a store that appears while its path is looked up is used", async () => {
  using temp = new TempFolder();
  const path = temp.file("ports.toml");
  const runtime = realMachine({
    // Nothing was there a moment ago, so it may be a symlink to nothing.
    readLink: (path) => {
      Deno.writeTextFileSync(path, OLD);
      return currentRuntime.readLink(path);
    },
  });

  await updateStore(
    path,
    AT_ONCE,
    runtime,
    (text) => Promise.resolve({ text: `${text}new = 2001\n` }),
  );

  assertEquals(temp.read("ports.toml"), NEW);
});

Deno.test("a store that something keeps changing is left to that", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", OLD);
  let saved = "";
  const error: PortForError = await assertRejects(
    () =>
      updateStore(
        path,
        { wait: 0, mayBlock: false },
        currentRuntime,
        (text) => {
          saved += "# saved\n";
          Deno.writeTextFileSync(path, saved);
          return Promise.resolve({ text: `${text}new = 2001\n` });
        },
      ),
    PortForError,
    "something else keeps changing it",
  );

  assertEquals(error.code, "STORE_BUSY");
  assertEquals(temp.read("ports.toml"), saved);
  assertEquals(temp.names(), ["ports.toml", "ports.toml.lock"]);
});

Deno.test("the same text is not written again", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", OLD);
  const { ino } = Deno.statSync(path);
  await replace(path, OLD);

  assertEquals(Deno.statSync(path).ino, ino);
});

Deno.test("a change that throws leaves the store and its lock alone", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", OLD);
  const refused = new PortForError("PORT_TAKEN", "cannot X: because");
  const error = await assertRejects(() =>
    updateStore(
      path,
      { wait: 0, mayBlock: false },
      currentRuntime,
      () => Promise.reject(refused),
    )
  );

  assertEquals(error, refused);
  assertEquals(temp.read("ports.toml"), OLD);
  await replace(path, NEW);
});

Deno.test("changes in one process wait for each other", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", "");
  const marks = Array.from({ length: 10 }, (_, at) => `# ${at}\n`);

  await Promise.all(marks.map((mark) =>
    updateStore(
      path,
      { wait: 60, mayBlock: false },
      currentRuntime,
      (text) => Promise.resolve({ text: text + mark }),
    )
  ));

  assertEquals(temp.read("ports.toml").match(/# \d\n/g)!.sort(), marks);
});

/** A change with a step before it, and what was done in which order. */
function steps(text: string | undefined, fails = false) {
  const done: string[] = [];
  const change: StoreChange = {
    text,
    prepare: () => {
      done.push("prepare");
      if (fails) throw new PortForError("FAILED", "cannot X: why");
    },
    undo: () => done.push("undo"),
  };
  return { done, change: () => Promise.resolve(change) };
}

Deno.test("what belongs to a change is done before it", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", OLD);
  const { done, change } = steps(NEW);
  const runtime = watched((operation) => {
    if (operation === "rename") done.push(operation);
  });
  await updateStore(path, AT_ONCE, runtime, change);

  assertEquals(done, ["prepare", "rename"]);
  assertEquals(temp.read("ports.toml"), NEW);
});

Deno.test("where that fails, it is undone and the store stays as it was", async () => {
  for (const before of [OLD, undefined]) {
    using temp = new TempFolder();
    const path = temp.file("ports.toml");
    if (before !== undefined) temp.write("ports.toml", before);
    const { done, change } = steps(NEW, true);
    await assertRejects(
      () => updateStore(path, AT_ONCE, currentRuntime, change),
      PortForError,
      "cannot X: why",
    );

    assertEquals(done, ["prepare", "undo"]);
    assertEquals(readStore(path, currentRuntime)?.text, before);
    assert(!temp.names().includes("ports.toml.tmp"));
  }
});

Deno.test("where the store cannot be replaced, what came before is undone", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", OLD);
  const { done, change } = steps(NEW);
  const rename = () => {
    throw systemError("EIO");
  };
  await assertRejects(
    () =>
      updateStore(
        path,
        { wait: 0, mayBlock: false },
        realMachine({ rename }),
        change,
      ),
    PortForError,
  );

  assertEquals(done, ["prepare", "undo"]);
  assertEquals(temp.read("ports.toml"), OLD);
});

Deno.test("where the store changed meanwhile, all is undone and done again", async () => {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", OLD);
  const { done, change } = steps(NEW);
  await updateStore(
    path,
    AT_ONCE,
    currentRuntime,
    (text) => {
      if (text === OLD) temp.write("ports.toml", `${OLD}# saved\n`);
      return change();
    },
  );

  assertEquals(done, ["prepare", "undo", "prepare"]);
});

Deno.test("a change of the store is none for what does not change its text", async () => {
  for (const text of [OLD, undefined]) {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", OLD);
    const { done, change } = steps(text);
    await updateStore(
      path,
      { wait: 0, mayBlock: false },
      currentRuntime,
      change,
    );

    assertEquals(done, ["prepare"]);
    assertEquals(temp.read("ports.toml"), OLD);
  }
});

Deno.test("a folder for the store is for its user alone, an old one stays as it is", () => {
  using temp = new TempFolder();
  const path = temp.file("a/b/ports.toml");
  createFolderOf(path, currentRuntime);
  for (const folder of ["a", "a/b"]) {
    assertEquals(Deno.statSync(temp.file(folder)).mode! & 0o777, 0o700);
  }

  Deno.chmodSync(temp.file("a/b"), 0o755);
  createFolderOf(path, currentRuntime);
  assertNotEquals(Deno.statSync(temp.file("a/b")).mode! & 0o777, 0o700);
});

Deno.test("a new folder that cannot be flushed is no failure where that is usual", () => {
  for (const code of ["EINVAL", "ENOTSUP", "ENOSYS", "EACCES"]) {
    using temp = new TempFolder();
    const syncFolder = () => {
      throw systemError(code);
    };
    const path = temp.file("a/b/ports.toml");
    createFolderOf(path, realMachine({ syncFolder }));

    assert(isFolder(temp.file("a/b"), currentRuntime));
  }
});
