/**
 * The bare minimum of an association: lock, write, flush, rename, flush the
 * folder. Compile it with Bun, for Linux. Usage: least_association STORE
 *
 * @module
 */
import fs from "node:fs";
import process from "node:process";

/** The parts of Bun that are used here. */
declare const Bun: {
  FFI: {
    dlopen(library: string, symbols: object): {
      symbols: { flock(descriptor: number, operation: number): number };
    };
  };
};

const LOCK_EX = 2;
const { flock } = Bun.FFI.dlopen("libc.so.6", {
  flock: { args: ["i32", "i32"], returns: "i32" },
}).symbols;

const store = process.argv[2]!;
flock(fs.openSync(`${store}.lock`, "a", 0o600), LOCK_EX);
const file = fs.openSync(`${store}.new`, "wx");
fs.writeSync(file, "version = 1\n\n[ports]\nweb = 16828\n");
fs.fsyncSync(file);
fs.renameSync(`${store}.new`, store);
fs.fsyncSync(fs.openSync(store.slice(0, store.lastIndexOf("/")), "r"));
