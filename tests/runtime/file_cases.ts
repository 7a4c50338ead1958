import { assert, assertEquals } from "@std/assert";
import fs from "node:fs";
import process from "node:process";
import type { OpenFile, Runtime } from "../../lib/runtime/runtime.ts";
import { fails, type RuntimeCase } from "./case.ts";

/** What the interface promises of files, folders and locks. */
export const FILE_CASES: readonly RuntimeCase[] = [
  {
    name: "readFile returns every byte",
    run(runtime, folder) {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => index);
      fs.writeFileSync(`${folder}/file`, bytes);
      assertEquals(bytesOf(runtime.readFile(`${folder}/file`)), bytes);
      fs.writeFileSync(`${folder}/empty`, "");
      assertEquals(runtime.readFile(`${folder}/empty`).length, 0);
    },
  },
  {
    name: "readText returns all of a text, and U+FFFD for what is none",
    run(runtime, folder) {
      const text = `\ufeffé\r\n${"x".repeat(70_000)}\u2028😀\0`;
      fs.writeFileSync(`${folder}/file`, text);
      assertEquals(runtime.readText(`${folder}/file`), text);
      fs.writeFileSync(`${folder}/file`, Uint8Array.of(0x61, 0xff, 0xc3));
      assertEquals(runtime.readText(`${folder}/file`), "a\ufffd\ufffd");
      fails("ENOENT", () => runtime.readText(`${folder}/none`));
      fails("EISDIR", () => runtime.readText(folder));
    },
  },
  {
    name: "readFile fails with the system's code",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "");
      fs.symlinkSync("loop", `${folder}/loop`);
      fails("ENOENT", () => runtime.readFile(`${folder}/none`));
      fails("ENOTDIR", () => runtime.readFile(`${folder}/file/none`));
      fails("ELOOP", () => runtime.readFile(`${folder}/loop`));
      fails("EISDIR", () => runtime.readFile(folder));
    },
  },
  {
    name: "stat says what is at the end of the symlinks",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "12345");
      fs.chmodSync(`${folder}/file`, 0o4751);
      fs.symlinkSync("file", `${folder}/link`);
      const facts = runtime.stat(`${folder}/link`);
      assertEquals(facts.kind, "file");
      assertEquals(facts.size, 5);
      assertEquals(facts.mode, 0o4751);
      assertEquals(facts.userId, process.getuid!());
      assertEquals(facts.groupId, process.getgid!());
      assertEquals(runtime.stat(folder).kind, "folder");
      assertEquals(runtime.stat("/dev/null").kind, "other");
    },
  },
  {
    name: "stat fails with the system's code",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "");
      fs.symlinkSync("loop", `${folder}/loop`);
      fs.symlinkSync("none", `${folder}/dangling`);
      fails("ENOENT", () => runtime.stat(`${folder}/none`));
      fails("ENOENT", () => runtime.stat(`${folder}/dangling`));
      fails("ENOENT", () => runtime.stat(""));
      fails("ENOTDIR", () => runtime.stat(`${folder}/file/none`));
      fails("ELOOP", () => runtime.stat(`${folder}/loop`));
      fails("ENAMETOOLONG", () => runtime.stat(`${folder}/${"x".repeat(300)}`));
    },
  },
  {
    name: "lstat says what is at a path itself",
    run(runtime, folder) {
      fs.symlinkSync("none", `${folder}/dangling`);
      fs.writeFileSync(`${folder}/file`, "");
      assertEquals(runtime.lstat(`${folder}/dangling`).kind, "symlink");
      assertEquals(runtime.lstat(`${folder}/file`).kind, "file");
      fails("ENOENT", () => runtime.lstat(`${folder}/none`));
    },
  },
  {
    name: "an identity is a file's own, whatever its name and content",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/a`, "");
      fs.writeFileSync(`${folder}/b`, "");
      const a = runtime.stat(`${folder}/a`).identity;
      assert(a !== runtime.stat(`${folder}/b`).identity);
      fs.renameSync(`${folder}/a`, `${folder}/c`);
      fs.appendFileSync(`${folder}/c`, "more");
      assertEquals(runtime.stat(`${folder}/c`).identity, a);
      const file = runtime.open(`${folder}/c`, {});
      assertEquals(file.stat().identity, a);
      file.close();
    },
  },
  {
    name: "readLink returns what a symlink says",
    run(runtime, folder) {
      fs.symlinkSync("../with space/é", `${folder}/link`);
      assertEquals(runtime.readLink(`${folder}/link`), "../with space/é");
      fs.writeFileSync(`${folder}/file`, "");
      fails("EINVAL", () => runtime.readLink(`${folder}/file`));
      fails("ENOENT", () => runtime.readLink(`${folder}/none`));
    },
  },
  {
    name: "realPath returns the absolute path without symlinks",
    run(runtime, folder) {
      fs.mkdirSync(`${folder}/real`);
      fs.writeFileSync(`${folder}/real/file`, "");
      fs.symlinkSync("real", `${folder}/link`);
      fs.symlinkSync("loop", `${folder}/loop`);
      assertEquals(
        runtime.realPath(`${folder}/link/../link/./file`),
        `${folder}/real/file`,
      );
      fails("ENOENT", () => runtime.realPath(`${folder}/none`));
      fails("ELOOP", () => runtime.realPath(`${folder}/loop`));
    },
  },
  {
    name: "open creates a new file with the mode that the umask leaves",
    run(runtime, folder) {
      const before = process.umask(0o027);
      try {
        for (const [mode, left] of [[0o666, 0o640], [0o600, 0o600]] as const) {
          const path = `${folder}/${mode}`;
          runtime.open(path, { createNew: true, mode }).close();
          assertEquals(fs.statSync(path).mode & 0o7777, left);
        }
      } finally {
        process.umask(before);
      }
    },
  },
  {
    name: "open creates nothing where something is, even a dangling symlink",
    run(runtime, folder) {
      fs.symlinkSync("none", `${folder}/dangling`);
      fs.writeFileSync(`${folder}/file`, "kept");
      for (const name of ["dangling", "file", "."]) {
        fails(
          "EEXIST",
          () => runtime.open(`${folder}/${name}`, { createNew: true }),
        );
      }
      assertEquals(fs.readFileSync(`${folder}/file`, "utf8"), "kept");
      assertEquals(fs.readdirSync(folder).sort(), ["dangling", "file"]);
    },
  },
  {
    name: "open without createNew opens what is there, and nothing else",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "kept");
      const file = runtime.open(`${folder}/file`, {});
      assertEquals(file.stat().size, 4);
      file.close();
      assertEquals(fs.readFileSync(`${folder}/file`, "utf8"), "kept");
      fails("ENOENT", () => runtime.open(`${folder}/none`, {}));
      fails("EISDIR", () => runtime.open(folder, {}));
      assertEquals(fs.readdirSync(folder), ["file"]);
    },
  },
  {
    name: "write writes all of a megabyte, one call behind the other",
    run(runtime, folder) {
      const bytes = Uint8Array.from(
        { length: 2 ** 20 },
        (_, index) => index * 7 >> 3,
      );
      const file = runtime.open(`${folder}/file`, { createNew: true });
      file.write(bytes);
      file.write(new Uint8Array());
      file.write(new TextEncoder().encode("end"));
      file.sync();
      file.close();
      const found = bytesOf(fs.readFileSync(`${folder}/file`));
      assertEquals(found.length, bytes.length + 3);
      assert(found.subarray(0, bytes.length).every((b, i) => b === bytes[i]));
      assertEquals(
        new TextDecoder().decode(found.subarray(bytes.length)),
        "end",
      );
    },
  },
  {
    name: "write to a full disk fails with ENOSPC",
    run(runtime) {
      const file = runtime.open("/dev/full", {});
      using _ = closing(file);
      fails("ENOSPC", () => file.write(new Uint8Array([1])));
    },
  },
  {
    name: "an open file is the same file wherever its path leads by now",
    run(runtime, folder) {
      const { opened, file } = swappedFile(runtime, folder);
      using _ = closing(file);
      assertEquals(file.stat().identity, runtime.stat(opened).identity);
      file.write(new TextEncoder().encode("mine"));
      assertEquals(fs.readFileSync(opened, "utf8"), "mine");
    },
  },
  {
    name: "chmod changes the open file, not one that took its path",
    run(runtime, folder) {
      const { opened, path, file } = swappedFile(runtime, folder);
      using _ = closing(file);
      file.chmod(0o751);
      assertEquals(fs.statSync(opened).mode & 0o7777, 0o751);
      assertEquals(fs.statSync(path).mode & 0o7777, 0o644);
    },
  },
  {
    name: "chmod changes an open file that has no path any more",
    run(runtime, folder) {
      const file = runtime.open(`${folder}/file`, { createNew: true });
      using _ = closing(file);
      fs.unlinkSync(`${folder}/file`);
      file.chmod(0o604);
      assertEquals(file.stat().mode, 0o604);
    },
  },
  {
    name: "chown changes the open file, not one that took its path",
    only: "root",
    run(runtime, folder) {
      const { opened, path, file } = swappedFile(runtime, folder);
      using _ = closing(file);
      file.chown(12_345, 54_321);
      const { userId, groupId } = file.stat();
      assertEquals([userId, groupId], [12_345, 54_321]);
      assertEquals(fs.statSync(opened).uid, 12_345);
      assertEquals(fs.statSync(path).uid, process.getuid!());
      assertEquals(fs.statSync(path).gid, process.getgid!());
    },
  },
  {
    name: "chown leaves alone what is not given",
    only: "root",
    run(runtime, folder) {
      const file = runtime.open(`${folder}/file`, { createNew: true });
      const owners = () => [file.stat().userId, file.stat().groupId];
      using _ = closing(file);
      file.chown(undefined, 54_321);
      assertEquals(owners(), [0, 54_321]);
      file.chown(12_345, undefined);
      assertEquals(owners(), [12_345, 54_321]);
      file.chown(undefined, undefined);
      assertEquals(owners(), [12_345, 54_321]);
      file.chown(0, 0);
      assertEquals(owners(), [0, 0]);
    },
  },
  {
    name: "chown fails with EPERM where the system refuses it",
    only: "user",
    run(runtime, folder) {
      const file = runtime.open(`${folder}/file`, { createNew: true });
      using _ = closing(file);
      fails("EPERM", () => file.chown(0, undefined));
      fails("EPERM", () => file.chown(undefined, 1));
      file.chown(process.getuid!(), process.getgid!());
    },
  },
  {
    name: "chmod fails with EPERM where the system refuses it",
    only: "user",
    run(runtime) {
      const file = runtime.open("/dev/null", {});
      using _ = closing(file);
      fails("EPERM", () => file.chmod(0o666));
    },
  },
  {
    name: "files and folders that are not the user's fail with EACCES",
    only: "user",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "");
      fs.mkdirSync(`${folder}/closed`);
      fs.chmodSync(`${folder}/file`, 0);
      fs.chmodSync(`${folder}/closed`, 0);
      const inside = `${folder}/closed/file`;
      try {
        fails("EACCES", () => runtime.readFile(`${folder}/file`));
        fails("EACCES", () => runtime.open(`${folder}/file`, {}));
        fails("EACCES", () => runtime.open(inside, { createNew: true }));
        fails("EACCES", () => runtime.stat(inside));
        fails("EACCES", () => runtime.lstat(inside));
        fails("EACCES", () => runtime.readLink(inside));
        fails("EACCES", () => runtime.realPath(inside));
        fails("EACCES", () => runtime.rename(`${folder}/file`, inside));
        fails("EACCES", () => runtime.remove(inside));
        fails("EACCES", () => runtime.makeFolder(inside, 0o700));
        fails("EACCES", () => runtime.readFolder(`${folder}/closed`));
        fails("EACCES", () => runtime.syncFolder(`${folder}/closed`));
      } finally {
        fs.chmodSync(`${folder}/closed`, 0o700);
      }
    },
  },
  {
    name: "rename replaces what is there",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/new`, "new");
      fs.writeFileSync(`${folder}/old`, "old");
      runtime.rename(`${folder}/new`, `${folder}/old`);
      assertEquals(fs.readdirSync(folder), ["old"]);
      assertEquals(fs.readFileSync(`${folder}/old`, "utf8"), "new");
    },
  },
  {
    name: "rename fails with the system's code, and changes nothing",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "");
      fs.mkdirSync(`${folder}/folder`);
      const rename = (from: string, to: string) => () =>
        runtime.rename(`${folder}/${from}`, `${folder}/${to}`);
      fails("ENOENT", rename("none", "file"));
      fails("ENOENT", rename("file", "none/file"));
      fails("EISDIR", rename("file", "folder"));
      assertEquals(fs.readdirSync(folder).sort(), ["file", "folder"]);
    },
  },
  {
    name: "remove removes a file, or a symlink and not what it leads to",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "");
      fs.symlinkSync("file", `${folder}/link`);
      runtime.remove(`${folder}/link`);
      assertEquals(fs.readdirSync(folder), ["file"]);
      runtime.remove(`${folder}/file`);
      assertEquals(fs.readdirSync(folder), []);
      runtime.makeFolder(`${folder}/empty`, 0o755);
      fails("EISDIR", () => runtime.remove(`${folder}/empty`));
      fails("ENOENT", () => runtime.remove(`${folder}/file`));
    },
  },
  {
    name: "makeFolder creates a folder and those above it with the mode",
    run(runtime, folder) {
      runtime.makeFolder(`${folder}/a/b/c`, 0o700);
      for (const path of ["a", "a/b", "a/b/c"]) {
        assertEquals(fs.statSync(`${folder}/${path}`).mode & 0o7777, 0o700);
      }
      runtime.makeFolder(`${folder}/a/b`, 0o755);
      assertEquals(fs.statSync(`${folder}/a/b`).mode & 0o7777, 0o700);
    },
  },
  {
    name: "makeFolder fails with the system's code",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "");
      fails("EEXIST", () => runtime.makeFolder(`${folder}/file`, 0o700));
      fails("ENOTDIR", () => runtime.makeFolder(`${folder}/file/x`, 0o700));
    },
  },
  {
    name: "readFolder returns the names in a folder",
    run(runtime, folder) {
      assertEquals(runtime.readFolder(folder), []);
      const names = [".hidden", "a b", "é"];
      for (const name of names) fs.writeFileSync(`${folder}/${name}`, "");
      assertEquals(runtime.readFolder(folder).toSorted(), names);
      fails("ENOENT", () => runtime.readFolder(`${folder}/none`));
      fails("ENOTDIR", () => runtime.readFolder(`${folder}/a b`));
    },
  },
  {
    name: "sync has the system flush, which says where it cannot",
    run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "");
      const file = runtime.open(`${folder}/file`, {});
      file.sync();
      file.close();
      const device = runtime.open("/dev/null", {});
      fails("EINVAL", () => device.sync());
      device.close();
    },
  },
  {
    name: "syncFolder flushes a folder",
    run(runtime, folder) {
      runtime.syncFolder(folder);
      fails("ENOENT", () => runtime.syncFolder(`${folder}/none`));
    },
  },
  {
    name: "lock excludes every other open file, until it is closed",
    async run(runtime, folder) {
      const path = `${folder}/lock`;
      const first = runtime.open(path, { createNew: true });
      const second = runtime.open(path, {});
      fs.linkSync(path, `${path}-too`);
      const third = runtime.open(`${path}-too`, {});
      try {
        assertEquals(await first.lock(0, true), true);
        assertEquals(await first.lock(0, true), true, "again by its holder");
        assertEquals(await second.lock(0, true), false);
        assertEquals(await third.lock(0, true), false, "by another name");
        first.close();
        assertEquals(await third.lock(0, true), true);
        assertEquals(await second.lock(0, true), false);
      } finally {
        second.close();
        third.close();
      }
    },
  },
  {
    name: "a lock belongs to the file, not to its path",
    async run(runtime, folder) {
      const path = `${folder}/lock`;
      const first = runtime.open(path, { createNew: true });
      assert(await first.lock(0, true));
      fs.unlinkSync(path);
      const second = runtime.open(path, { createNew: true });
      assertEquals(await second.lock(0, true), true);
      first.close();
      second.close();
    },
  },
  {
    name: "commands that are run do not inherit the lock",
    async run(runtime, folder) {
      const file = runtime.open(`${folder}/lock`, { createNew: true });
      using _ = closing(file);
      assert(await file.lock(0, true));
      const { output } = runtime.run("ls", ["-l", "/proc/self/fd"]);
      assert(output.includes("/proc/"), output);
      assert(!output.includes(folder), output);
    },
  },
];

/** The same bytes as a plain array: engines have classes of their own. */
function bytesOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Closes a file at the end of the block. */
function closing(file: OpenFile): Disposable {
  return { [Symbol.dispose]: () => file.close() };
}

/** An open file, and another one that took its path since. */
function swappedFile(runtime: Runtime, folder: string) {
  const path = `${folder}/file`;
  const opened = `${folder}/moved`;
  const file = runtime.open(path, { createNew: true, mode: 0o600 });
  fs.renameSync(path, opened);
  fs.writeFileSync(path, "");
  fs.chmodSync(path, 0o644);
  return { path, opened, file };
}
