import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import {
  lockError,
  OTHER_FILE,
  readError,
  storeError,
} from "../../lib/disk/store_error.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import { bareMachine, systemError } from "../support/fake_runtime.ts";

const USER = bareMachine({ userId: () => 1000 });
const ROOT = bareMachine({ userId: () => 0 });

Deno.test("a system error gets its reason, a way out and its code", () => {
  for (
    const [system, code, reason] of [
      ["EACCES", "NO_PERMISSION", "permission denied (run with sudo"],
      ["EPERM", "NO_PERMISSION", "operation not permitted (run with sudo"],
      ["EROFS", "NO_PERMISSION", "the file system is read-only (choose"],
      ["ENOSPC", "FAILED", "no space is left on the device (free some"],
      ["ENOENT", "FAILED", "its folder does not exist (create it first)"],
      ["EISDIR", "FAILED", "it is a folder (choose"],
    ] as const
  ) {
    const cause = systemError(system);
    const error = storeError("cannot write it", cause, USER);

    assertEquals(error.code, code);
    assertEquals(error.message.indexOf(`cannot write it: ${reason}`), 0);
    assertStrictEquals(error.cause, cause);
  }
});

Deno.test("root is not told to use sudo", () => {
  for (const code of ["EACCES", "EPERM"]) {
    const { message } = storeError("cannot write it", systemError(code), ROOT);
    assert(message.includes("even to root"), message);
    assert(!message.includes("sudo"), message);
  }
});

Deno.test("a file system without locks is named as that", () => {
  for (const code of ["ENOLCK", "EOPNOTSUPP", "ENOTSUP", "ENOSYS", "EBADF"]) {
    const { message } = lockError("cannot lock it", systemError(code), USER);
    assert(message.includes("cannot lock files"), message);
    assert(message.includes("--store"), message);
  }
  const other = lockError("cannot lock it", systemError("ENOSPC"), USER);
  assert(other.message.includes("no space"), other.message);
});

Deno.test("who may not read a store is told how its owner can let them", () => {
  const denied = systemError("EACCES");
  const { message } = readError("/etc/port-for.toml", denied, USER);
  assert(message.includes("chmod a+r /etc/port-for.toml"), message);
  assert(!message.includes("sudo"), message);
});

Deno.test("a closed folder is named, where it is what hides a file", () => {
  const denied = systemError("EACCES");
  const runtime = bareMachine({
    ...{ os: "linux", userId: () => 1000 },
    stat(path) {
      if (path.startsWith("/srv/closed/")) throw denied;
      return currentRuntime.stat("/");
    },
  });
  const path = "/srv/closed/in/ports.toml";
  const { message } = readError(path, denied, runtime);
  assert(message.includes("chmod a+x /srv/closed;"), message);
  assert(!message.includes("a+r"), message);
});

Deno.test("another store is no way out for a file that is not one", () => {
  for (const code of ["EACCES", "EROFS", "ENOTDIR", "EISDIR"]) {
    const error = systemError(code);
    for (
      const { message } of [
        storeError("cannot write .env", error, USER, OTHER_FILE),
        readError(".env", error, USER, { other: OTHER_FILE }),
      ]
    ) {
      assert(message.includes("choose another file"), message);
      assert(!message.includes("store"), message);
    }
  }
});

Deno.test("an error without a known name keeps its own words", () => {
  const error = storeError("cannot write it", systemError("EWEIRD"), USER);
  assertEquals(error.message, "cannot write it: the system says EWEIRD");

  assertEquals(storeError("cannot X", "odd", USER).message, "cannot X: odd");
});

Deno.test("a PortForError is passed on as it is", () => {
  const error = new PortForError("STORE_BUSY", "cannot X: busy");
  assertStrictEquals(storeError("cannot write it", error, USER), error);
});
