/**
 * Which engine runs the program that is tested.
 *
 * @module
 */
import { PROGRAM, works } from "./program.ts";

/** Whether the program is a binary that Bun compiled. */
export const isBunBinary: boolean = PROGRAM.length === 1 &&
  works("env", "BUN_BE_BUN=1", PROGRAM[0]!, "--print", "Bun.version");
