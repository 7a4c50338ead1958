import { assert, assertEquals, assertRejects } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { OpenFile, Runtime } from "../../lib/runtime/runtime.ts";
import { lockStore, type StoreLock } from "../../lib/disk/store_lock.ts";
import { realMachine, systemError } from "../support/fake_runtime.ts";
import { TempFolder } from "../support/temp.ts";

/** Takes the lock of a store as it is now, without waiting. */
function lock(
  store: string,
  runtime: Runtime = currentRuntime,
): Promise<StoreLock> {
  let facts;
  try {
    facts = runtime.stat(store);
  } catch {
    // There is no store yet.
  }
  return lockStore(store, facts, { wait: 0, mayBlock: false }, runtime);
}

async function assertBusy(store: string): Promise<void> {
  const error: PortForError = await assertRejects(
    () => lock(store),
    PortForError,
    "has its lock",
  );
  assertEquals(error.code, "STORE_BUSY");
}

Deno.test("a lock is held until it is let go of", async () => {
  using temp = new TempFolder();
  const store = temp.file("ports.toml");

  const first = await lock(store);
  await assertBusy(store);
  first.release();
  const second = await lock(store);
  await assertBusy(store);
  second.release();

  assertEquals(temp.names(), ["ports.toml.lock"]);
});

Deno.test("stores of other names have other locks", async () => {
  using temp = new TempFolder();
  const one = await lock(temp.file("one.toml"));
  const other = await lock(temp.file("other.toml"));

  one.release();
  other.release();
});

Deno.test("a lock whose file was removed or replaced is good no longer", async () => {
  using temp = new TempFolder();
  const store = temp.file("ports.toml");
  const old = await lock(store);
  assert(old.isGood());

  Deno.removeSync(`${store}.lock`);
  assert(!old.isGood());
  const fresh = await lock(store);
  assert(!old.isGood());
  assert(fresh.isGood());

  old.release();
  fresh.release();
});

Deno.test("who waited for a lock that was removed meanwhile takes the new one", async () => {
  using temp = new TempFolder();
  const store = temp.file("ports.toml");
  const path = `${store}.lock`;
  const old = await lock(store);
  // The lock is removed right before the waiting one gets hold of it.
  let tries = 0;
  const runtime = realMachine({
    open: (path, how) => {
      const file = currentRuntime.open(path, how);
      const lock: OpenFile["lock"] = (...waiting) => {
        if (tries++ === 0) {
          Deno.removeSync(path);
          old.release();
        }
        return file.lock(...waiting);
      };
      return { ...file, lock };
    },
  });

  const fresh = await lock(store, runtime);

  assertEquals(tries, 2);
  assert(fresh.isGood());
  assertEquals(
    currentRuntime.lstat(path).identity,
    currentRuntime.stat(path).identity,
  );
  await assertBusy(store);
  fresh.release();
});

Deno.test("a lock that appears between two looks is used", async () => {
  using temp = new TempFolder();
  const store = temp.file("ports.toml");
  let opened = 0;
  const runtime = realMachine({
    open: (path, how) => {
      if (opened++ === 0) Deno.writeTextFileSync(path, "");
      return currentRuntime.open(path, how);
    },
  });

  const held = await lock(store, runtime);

  assertEquals(opened, 2);
  await assertBusy(store);
  held.release();
});

Deno.test("a lock that may not be opened is the store's permission", async () => {
  using temp = new TempFolder();
  const store = temp.file("ports.toml");
  for (const code of ["EACCES", "EROFS"]) {
    const open = () => {
      throw systemError(code);
    };
    const error: PortForError = await assertRejects(
      () => lock(store, realMachine({ open })),
      PortForError,
      `cannot write ${store}: `,
    );
    assertEquals(error.code, "NO_PERMISSION");
  }
});

/** This machine, where files belong to others than they do. */
function withOwners(
  { self, store, lock }: { self: number; store: number; lock: number },
): Runtime {
  return realMachine({
    userId: () => self,
    stat: (path) => ({ ...currentRuntime.stat(path), userId: store }),
    lstat: (path) => ({ ...currentRuntime.lstat(path), userId: lock }),
    open: (path, how) => ({
      ...currentRuntime.open(path, how),
      chown: () => {},
    }),
  });
}

Deno.test("only a lock of somebody who may write the store is trusted", async () => {
  for (
    const [mode, owners, trusted] of [
      [0o644, { self: 0, store: 0, lock: 0 }, true],
      [0o644, { self: 7, store: 7, lock: 7 }, true],
      [0o644, { self: 7, store: 7, lock: 0 }, true],
      [0o644, { self: 0, store: 7, lock: 7 }, true],
      [0o644, { self: 0, store: 0, lock: 7 }, false],
      [0o644, { self: 7, store: 7, lock: 8 }, false],
      // Where others may write, it may be theirs.
      [0o664, { self: 7, store: 7, lock: 8 }, true],
      [0o646, { self: 7, store: 7, lock: 8 }, true],
    ] as const
  ) {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", "");
    Deno.chmodSync(store, mode);
    temp.write("ports.toml.lock", "");
    const runtime = withOwners(owners);

    if (trusted) {
      (await lock(store, runtime)).release();
    } else {
      const error: PortForError = await assertRejects(
        () => lock(store, runtime),
        PortForError,
        `it belongs to user ${owners.lock}`,
      );
      assertEquals(error.code, "NO_PERMISSION");
    }
  }
});

Deno.test("who does not own the lock leaves its mode as it is", async () => {
  using temp = new TempFolder();
  const store = temp.write("ports.toml", "");
  Deno.chmodSync(store, 0o666);
  temp.write("ports.toml.lock", "");
  Deno.chmodSync(`${store}.lock`, 0o660);
  const refuse = () => {
    throw systemError("EPERM");
  };
  const runtime = realMachine({
    open: (path, how) => ({
      ...currentRuntime.open(path, how),
      chown: refuse,
      chmod: refuse,
    }),
  });

  (await lock(store, runtime)).release();
});

Deno.test("where there are no modes and no owners, none are asked for", async () => {
  using temp = new TempFolder();
  const store = temp.write("ports.toml", "");
  const without = <T extends object>(facts: T) => ({
    ...facts,
    mode: undefined,
    userId: undefined,
    groupId: undefined,
  });
  const refuse = () => {
    throw new Error("there is no such thing here");
  };
  const runtime = realMachine({
    os: "windows",
    userId: () => undefined,
    stat: (path) => without(currentRuntime.stat(path)),
    lstat: (path) => without(currentRuntime.lstat(path)),
    open: (path, how) => {
      const file = currentRuntime.open(path, how);
      const stat = () => without(file.stat());
      return { ...file, stat, chown: refuse, chmod: refuse };
    },
  });

  for (let times = 0; times < 2; times++) {
    (await lock(store, runtime)).release();
  }
});

Deno.test("a lock that is another file as well is refused, and that left as it is", async () => {
  for (const link of [Deno.linkSync, Deno.symlinkSync]) {
    using temp = new TempFolder();
    const store = temp.write("ports.toml", "");
    const other = temp.write("other", "");
    Deno.chmodSync(other, 0o644);
    link(other, `${store}.lock`);
    await assertRejects(() => lock(store), PortForError, "with one name");

    // It may be put there between looking and opening, too.
    Deno.removeSync(`${store}.lock`);
    temp.write("ports.toml.lock", "");
    let swapped = false;
    const runtime = realMachine({
      open: (path, how) => {
        if (!how.createNew && !swapped) {
          swapped = true;
          Deno.removeSync(path);
          link(other, path);
        }
        return currentRuntime.open(path, how);
      },
    });
    await assertRejects(() => lock(store, runtime), PortForError, "one name");
    assert(swapped);
    assertEquals(Deno.statSync(other).mode! & 0o777, 0o644);
  }
});
