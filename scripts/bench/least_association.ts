/**
 * What an association cannot do without, and nothing else: lock, write, flush,
 * rename, flush the folder. To be compiled with Bun, for Linux.
 * Usage: least_association STORE
 *
 * @module
 */
import fs from "node:fs";
import process from "node:process";

/** The part of Bun that is used here. */
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
