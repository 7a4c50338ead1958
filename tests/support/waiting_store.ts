/**
 * Asks a `PortStore` for a port while somebody else has its lock, and lives on:
 * `waiting_store.ts STORE SECONDS`. It prints what came of that, and how often
 * its program had a turn meanwhile; later, an answer to each thing that is said.
 *
 * @module
 */
import process from "node:process";
import { PortForError, PortStore } from "../../main.ts";

const [path = "", wait = ""] = process.argv.slice(2);
let turns = 0;
setInterval(() => turns++, 10);
const store = new PortStore(path, { wait: Number(wait) });
let answer: string;
try {
  answer = `${await store.associate("db")}`;
} catch (error) {
  if (!(error instanceof PortForError)) throw error;
  answer = error.code;
}
console.log(JSON.stringify({ answer, turns }));
process.stdin.on("data", () => console.log("alive"));
process.stdin.on("end", () => process.exit());
