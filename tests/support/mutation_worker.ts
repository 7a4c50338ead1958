/**
 * A worker that mutates stores, a share of all. It says how far it is, so that
 * whoever waits for it knows when it hangs, and where.
 *
 * @module
 */
import { hastyMachine } from "./interposed.ts";
import { checkText, type Kind, mutation } from "./mutations.ts";
import { callOn } from "./scenarios.ts";
import { TempFolder } from "./temp.ts";

/** What a worker is to do. */
export interface Share {
  readonly seed: number;
  /** The first and the last mutation, and how many lie between two. */
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** How many mutations meet the whole program once. */
  readonly whole: number;
}

/** What a worker has to say. */
export type Message =
  | { readonly at: number }
  | { readonly done: Readonly<Record<Kind, number>> }
  | { readonly failed: number; readonly why: string; readonly text: string };

/** What every worker has: Deno's types know only those of the main thread. */
const worker = globalThis as unknown as {
  onmessage: (event: MessageEvent<Share>) => void;
  postMessage: (message: Message) => void;
};

worker.onmessage = async ({ data }) => worker.postMessage(await gnaw(data));

async function gnaw(share: Share): Promise<Message> {
  const { seed, from, to, step, whole } = share;
  const kinds = { "no TOML": 0, unsound: 0, sound: 0 };
  using temp = new TempFolder();
  for (let at = from; at <= to; at += step) {
    const bytes = mutation(seed, at);
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    try {
      const kind = checkText(text);
      kinds[kind]++;
      if (at % whole === 0) await checkProgram(temp, bytes, text, kind);
    } catch (error) {
      return {
        failed: at,
        why: (error as Error).stack ?? String(error),
        text: JSON.stringify(text),
      };
    }
    if (at % 200 === from % 200) worker.postMessage({ at });
  }
  return { done: kinds };
}

/** The calls that a mutated store has to stand. */
const CALLS = [["--list"], ["--get=web"], ["a"], ["fresh"], ["-ua"]];

async function checkProgram(
  temp: TempFolder,
  bytes: Uint8Array,
  text: string,
  kind: Kind,
): Promise<void> {
  const path = temp.write("ports.toml", bytes);
  const isText = same(new TextEncoder().encode(text), bytes);
  for (const args of CALLS) {
    const before = Deno.readFileSync(path);
    const { status, stdout, stderr } = await callOn(hastyMachine, [
      `--store=${path}`,
      "--wait=0",
      ...args,
    ]);
    const said = `${args}: ${status} ${stderr}`;
    if (status !== 0 && status !== 1) throw new Error(said);
    // People are told what is wrong, in lines of ours: no stack of a crash.
    if (!/^(?:port-for: (?!cannot go on).+\n)*$/.test(stderr)) {
      throw new Error(said);
    }
    if (status === 1 && stdout !== "") throw new Error(`${said}: ${stdout}`);
    const after = Deno.readFileSync(path);
    if (status === 1 || kind !== "sound" || !isText) {
      if (!same(before, after)) throw new Error(`${said}: it was changed`);
    }
    if (!isText && status === 0) throw new Error(`${said}: it is no text`);
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
