/**
 * The real program under strace: what it asks the kernel for, and what it does
 * when the kernel says no.
 *
 * @module
 */
import { canMount } from "./fault_form.ts";
import { HIDE_PROMISES } from "./mounts.ts";
import { type Outcome, PROGRAM, runTool } from "./program.ts";
import { TempFolder } from "./temp.ts";

/** One system call of a process. */
export interface SystemCall {
  /** Its name. */
  readonly name: string;
  /** Its arguments, as strace writes them. */
  readonly args: string;
  /** What it returned, as strace writes it. */
  readonly result: string;
  /** When it began and ended, by the lines of the trace. */
  readonly began: number;
  readonly ended: number;
}

/** What to do to a run. */
export interface Tracing {
  /** The system calls to see. */
  readonly calls: readonly string[];
  /** The files that they have to be about. By default any. */
  readonly paths?: readonly string[];
  /** What happens to one of them: strace's `-e inject`, without the name. */
  readonly inject?: { readonly call: string; readonly what: string };
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The words that run the program, if not those of every test. */
  readonly program?: readonly string[];
}

/** A run of the program, and the system calls that it made. */
export interface TracedRun extends Outcome {
  readonly calls: readonly SystemCall[];
}

const ALONE = [
  ...["unshare", "--net", "--mount", "--propagation", "private"],
  ...["sh", "-ec", `${HIDE_PROMISES}\nexec "$@"`, "sh"],
];

/** Runs the program under strace. */
export async function traced(
  args: readonly string[],
  { calls, paths = [], inject, env = {}, cwd, program = PROGRAM }: Tracing,
): Promise<TracedRun> {
  using temp = new TempFolder();
  const trace = temp.file("trace");
  const words = [
    // Where nobody else has, holds or probes a port, so that each run chooses
    // the same ones.
    ...(canMount ? ALONE : []),
    ...["strace", "-f", "-y", "--quiet=all", "-s", "256"],
    // This is quicker, but sends no signals.
    ...(inject ? [] : ["--seccomp-bpf"]),
    ...["-o", trace, "-e", "signal=none", "-e", `trace=${calls}`],
    ...(inject ? ["-e", `inject=${inject.call}:${inject.what}`] : []),
    ...paths.flatMap((path) => ["-P", path]),
    ...program,
    ...args,
  ];
  const outcome = await runTool(words, { env, ...(cwd && { cwd }) });
  return { ...outcome, calls: callsOf(Deno.readTextFileSync(trace)) };
}

/**
 * Reads a trace. A call that another thread's calls come in between is written
 * in two parts: `write(1, "a", 1 <unfinished ...>` and later
 * `<... write resumed>) = 1`.
 */
function callsOf(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const open = new Map<string, { text: string; began: number }>();
  for (const [line, text] of trace.split("\n").entries()) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(text) ?? [];
    if (rest.endsWith("<unfinished ...>")) {
      open.set(thread, { text: rest.slice(0, -16), began: line });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)?.[1];
    const begun = resumed === undefined ? undefined : open.get(thread);
    const whole = begun ? begun.text + resumed : rest;
    const call = /^(\w+)\((.*)\) += (.*)$/.exec(whole);
    if (!call) continue;
    calls.push({
      name: call[1]!,
      args: call[2]!,
      result: call[3]!,
      began: begun?.began ?? line,
      ended: line,
    });
  }
  return calls;
}
