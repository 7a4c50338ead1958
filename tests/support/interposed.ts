/**
 * The runtime interface with somebody in between, who may let each operation
 * happen, fail, or be the last.
 *
 * @module
 */
import type { OpenFile, Runtime } from "../../lib/runtime/runtime.ts";
import { isPromise, realMachine } from "./fake_runtime.ts";

/** One operation that the program asks its runtime for. */
export interface Step {
  /** The how manieth it is, from 1. */
  readonly at: number;
  /** Its name, such as `rename`, or `file.write` for one on an open file. */
  readonly operation: string;
  /** The file that it is about. */
  readonly path: string;
  /** Does half of it, where there is such a thing as half of it. */
  readonly half?: () => void;
}

/** Is asked at every step; does it with `run`, or does not. */
export type Interfere = <T>(step: Step, run: () => T) => T;

/** What is asked of a runtime but is no step on the way of a call. */
const NO_STEPS = [
  "env",
  "userId",
  "currentFolder",
  "terminalWidth",
  "isErrorTerminal",
  "exit",
];

/** What can be half done: the first argument is what is to be written. */
const WRITES = ["writeOut", "writeError", "write"];

type Action = (...args: unknown[]) => unknown;

/**
 * A runtime whose every step somebody decides about: whatever it can do, and
 * whatever can be done with the files that it opens.
 */
export function interposed(runtime: Runtime, interfere: Interfere): Runtime {
  let at = 0;
  const watched = (object: object, name: (key: string) => string, of = "") =>
    Object.fromEntries(
      Object.entries(object).map(([key, value]) =>
        typeof value !== "function" || NO_STEPS.includes(key)
          ? [key, value]
          : [key, step(name(key), key, value as Action, of)]
      ),
    );
  const step =
    (operation: string, key: string, action: Action, of: string) =>
    (...args: unknown[]): unknown => {
      // These are looked at by the way: what cannot be read is no promise.
      if (isPromise(args[0])) return action(...args);
      const half = WRITES.includes(key)
        ? { half: () => void action(firstHalf(args[0])) }
        : {};
      const path = of || pathAmong(key, args);
      const result = interfere(
        { at: ++at, operation, path, ...half },
        () => action(...args),
      );
      return isOpenFile(result)
        ? watched(result, (key) => `file.${key}`, path)
        : result;
    };
  return watched(runtime, (key) => key) as unknown as Runtime;
}

function pathAmong(key: string, args: readonly unknown[]): string {
  if (key === "rename") return `${args[1]}`;
  return WRITES.includes(key) || key.endsWith("Tcp") ? "" : `${args[0]}`;
}

function firstHalf(whole: unknown): unknown {
  return typeof whole === "string"
    ? whole.slice(0, whole.length / 2)
    : (whole as Uint8Array).subarray(0, (whole as Uint8Array).length / 2);
}

function isOpenFile(value: unknown): value is OpenFile {
  return typeof value === "object" && value !== null && "close" in value;
}

/**
 * Whether a step changes something. What others leave behind, if they are the
 * last ones, is what the step before them left.
 */
export function changes({ operation }: Step): boolean {
  return /^(?:open|rename|remove|makeFolder|syncFolder|writeOut|file\.(?!stat).*)$/
    .test(operation);
}

/**
 * This machine with nobody on its network, and nothing promised to anybody, so
 * that a name's port is the same each time, whoever else uses the machine.
 */
export const quietMachine: Runtime = {
  ...realMachine({}),
  env: () => undefined,
  bindTcp: () => "bound",
  bindUdp: () => Promise.resolve("bound"),
  connectTcp: () => Promise.resolve("refused"),
};

/** A quiet machine that does not wait for its disk: for very many calls. */
export const hastyMachine: Runtime = {
  ...quietMachine,
  open: (path, how) => ({ ...quietMachine.open(path, how), sync() {} }),
  syncFolder() {},
};
