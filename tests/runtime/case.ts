import { assertEquals, assertThrows } from "@std/assert";
import { errorCode, type Runtime } from "../../lib/runtime/runtime.ts";

/** One promise: a sentence, and what fails where it does not hold. */
export interface RuntimeCase {
  readonly name: string;
  /** `folder` is an empty folder of the case's own. */
  run(runtime: Runtime, folder: string): void | Promise<void>;
  /** The only setting in which it shows; without one, for `root` and `user`. */
  readonly only?: Setting;
}

/**
 * - `root`: the system refuses the user nothing
 * - `user`: the system refuses the user things
 * - `network`: in a network of its own, in which the system hands out no port
 *   but `LONE_PORT`, and `LOST_ADDRESS` leads to nowhere
 * - `proxied`: in a network of its own, in which a rule has whoever listens on
 *   `PROXY_PORT` accept what is for `PROXIED_PORT`
 */
export type Setting = "root" | "user" | "network" | "proxied";

/** The only port that the system hands out in a case's own network. */
export const LONE_PORT = 40_000;

/** An address that swallows what is sent to it, in a case's own network. */
export const LOST_ADDRESS = "10.9.9.9";

/** Whose connections somebody else accepts, where a rule has it so, and who. */
export const PROXIED_PORT = 40_001;
export const PROXY_PORT = 40_002;

/** Asserts that an act throws an error with the system's code. */
export function fails(code: string, act: () => unknown): void {
  const error = assertThrows(act);
  assertEquals(errorCode(error), code, String(error));
}
