/**
 * Calls of the program that a fault may hit, and what must hold afterwards.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { parse } from "smol-toml";
import { runOn } from "./command_line.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import {
  hastyMachine,
  type Interfere,
  interposed,
  type Step,
} from "./interposed.ts";
import { environment } from "./program.ts";
import { TempFolder } from "./temp.ts";

/** A store that people have written into. */
export const KEPT = `\
# The ports of this machine. Ask Ops before you change anything.
version = 1

[policy]
exclude = ["25565"] # a game

[ports]
# the shop's own
"example.com/apache" = 21553
web = 24017 # ask Ops
render = { port = 25100, count = 4 } # four workers

[notes] # not port-for's
web = 'the "shop"' # neither is this
`;

/**
 * The same with a lease that has ended, which may be dropped, and with a
 * directory that is not surely gone, whose name stays whatever fails.
 */
export const AGED = KEPT.replace(
  "\n\n[notes]",
  `
lease = { port = 25200, expires = 2020-01-01T00:00:00Z }
project = { port = 25201, directory = "/no-such-folder/project" }

[notes]`,
);

/** What the Python port-for left. */
const CONF = "[DEFAULT]\ndb = 29550\nweb = 24017\n";

/** How an operation may fail, and what the user is told. */
export const ERRORS: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device",
  EIO: "the device failed to read or write",
  EACCES: "permission denied",
  EROFS: "the file system is read-only",
  EDQUOT: "the disk quota is used up",
};

/** One call of the program on a store. */
export interface Scenario {
  /** What the call does. */
  readonly what: string;
  /** The store before it; `undefined` where there is none. */
  readonly before: string | undefined;
  /** The call's arguments, the store left out. */
  readonly args: readonly string[];
  /** How the store is found. By default it is given. */
  readonly place?: "symlink" | "dangling symlink" | "user";
  /** Other files that are there, by their endings. */
  readonly beside?: Readonly<Record<string, string>>;
}

/** Every kind of call that reads or writes a store. */
export const SCENARIOS: readonly Scenario[] = [
  { what: "makes a store", before: undefined, args: ["fresh"] },
  { what: "adds a name", before: KEPT, args: ["fresh"] },
  { what: "takes a name away", before: KEPT, args: ["--unbind", "web"] },
  { what: "adds a port", before: KEPT, args: ["--port=29500", "fresh"] },
  { what: "adds names", before: KEPT, args: ["fresh", "web", "more"] },
  { what: "looks a name up", before: KEPT, args: ["web"] },
  {
    what: "follows a symlink",
    before: KEPT,
    args: ["fresh"],
    place: "symlink",
  },
  {
    what: "follows a symlink to nothing yet",
    before: undefined,
    args: ["fresh"],
    place: "dangling symlink",
  },
  {
    what: "makes the user's own store",
    before: undefined,
    args: ["fresh"],
    place: "user",
  },
  {
    what: "sweeps up",
    before: KEPT,
    args: ["fresh"],
    beside: { ".tmp": "half a sto" },
  },
  { what: "adds a block", before: KEPT, args: ["--count=4", "fresh"] },
  { what: "drops an ended lease", before: AGED, args: ["fresh"] },
  { what: "prunes", before: AGED, args: ["--prune"] },
  {
    what: "imports",
    before: KEPT,
    args: ["--import=ports.toml.conf"],
    beside: { ".conf": CONF },
  },
];

/** A folder in which a scenario takes place. */
export class Site extends TempFolder {
  /** The file of the store, symlinks followed. */
  readonly store: string;
  /** The arguments of the call. */
  readonly args: readonly string[];
  /** The environment of the call. */
  readonly env: Readonly<Record<string, string>>;

  /** Sets the scene. */
  constructor({ before, args, place, beside = {} }: Scenario) {
    super();
    const user = place === "user";
    this.env = user ? { XDG_STATE_HOME: this.file("state") } : {};
    const given = this.file("ports.toml");
    this.store = user ? this.file("state/port-for/port-for.toml") : given;
    if (place?.includes("symlink")) {
      Deno.mkdirSync(this.file("real"));
      Deno.symlinkSync("real/ports.toml", given);
      this.store = this.file("real/ports.toml");
    }
    if (before !== undefined) Deno.writeTextFileSync(this.store, before);
    for (const [end, text] of Object.entries(beside)) {
      Deno.writeTextFileSync(this.store + end, text);
    }
    this.args = [
      user ? "--user" : `--store=${given}`,
      ...args.map((arg) => arg.replace("ports.toml.conf", `${given}.conf`)),
    ];
  }

  /** The text of the store; `undefined` where there is none. */
  text(): string | undefined {
    try {
      return Deno.readTextFileSync(this.store);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  /** The names of the files next to the store, and its own. */
  beside(): string[] {
    const folder = this.store.slice(0, this.store.lastIndexOf("/"));
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  }
}

/** What a call in this process came to. */
export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Makes the call of a scenario in this process. */
export function call(
  site: Site,
  interfere: Interfere = (_, run) => run(),
  args: readonly string[] = site.args,
): Promise<Result> {
  // As a process has it, so that its way is the same.
  const all = environment(site.env);
  const machine = { ...hastyMachine, env: (name: string) => all[name] };
  return callOn(machine, args, interfere);
}

/** Makes any call in this process. */
export async function callOn(
  machine: Runtime,
  args: readonly string[],
  interfere: Interfere = (_, run) => run(),
): Promise<Result> {
  let stdout = "";
  let stderr = "";
  const runtime = interposed({
    ...machine,
    args,
    writeOut: (text) => void (stdout += text),
    writeError: (text) => void (stderr += text),
  }, interfere);
  const status = await runOn(runtime);
  return { status, stdout, stderr };
}

/** What a scenario comes to where nothing goes wrong. */
export interface Course {
  /** The store after it. */
  readonly after: string | undefined;
  /** What it prints. */
  readonly stdout: string;
  /** Every step that it takes. */
  readonly steps: readonly Step[];
}

const courses = new Map<Scenario, Promise<Course>>();

/** Finds out what a scenario comes to where nothing goes wrong. */
export function courseOf(scenario: Scenario): Promise<Course> {
  const known = courses.get(scenario) ?? smoothCourse(scenario);
  courses.set(scenario, known);
  return known;
}

async function smoothCourse(scenario: Scenario): Promise<Course> {
  using site = new Site(scenario);
  const steps: Step[] = [];
  const { status, stdout, stderr } = await call(site, (step, run) => {
    steps.push(step);
    return run();
  });
  assertEquals([status, stderr], [0, ""], scenario.what);
  const after = site.text();
  if (after !== undefined) entriesOf(after);
  return { after, stdout, steps };
}

/**
 * Asserts what must hold after a fault: the store is the old one or the new
 * one, and the new one where the call has said so; and the next call works,
 * loses nothing and leaves nothing lying about.
 *
 * @param printed What the call that met the fault got to print.
 */
export async function assertNothingLost(
  site: Site,
  scenario: Scenario,
  course: Course,
  printed: string,
  fault: string,
): Promise<void> {
  const text = site.text();
  // Only half of a number may have been printed.
  const told = printed !== "" && printed === course.stdout;
  if (!course.stdout.startsWith(printed)) {
    throw new Error(`${fault}: it printed ${JSON.stringify(printed)}`);
  }
  if (text !== course.after && (told || text !== scenario.before)) {
    assertEquals(text, told ? course.after : scenario.before, fault);
  }

  const args = [...site.args.slice(0, 1), "--wait=0", "next"];
  const next = await call(site, undefined, args);
  assertEquals([next.status, next.stderr], [0, ""], `${fault}: the next call`);
  const entries = entriesOf(site.text()!);
  assertEquals(entries.get("next"), Number(next.stdout), fault);
  for (const [name, port] of text === undefined ? [] : entriesOf(text)) {
    assertEquals(entries.get(name), port, fault);
  }
  const comments = commentsOf(text ?? "");
  assertEquals(
    commentsOf(site.text()!).filter((line) => comments.includes(line)),
    comments,
    `${fault}: the comments`,
  );
  const leftovers = site.beside().filter((name) => name.endsWith(".tmp"));
  assertEquals(leftovers, [], `${fault}: leftovers`);
}

/**
 * The names in a store with their (first) ports, read without the program's
 * own code; leases that have ended are nobody's. Asserts that no port is in it
 * twice.
 */
export function entriesOf(text: string): Map<string, number> {
  const { ports = {} } = parse(text);
  const entries = new Map<string, number>();
  const holders = new Map<number, string>();
  for (const [name, value] of Object.entries(ports)) {
    const entry = typeof value === "number"
      ? { port: value, count: 1, expires: undefined }
      : value as { port: number; count?: number; expires?: Date };
    if (entry.expires && entry.expires.getTime() < Date.now()) continue;
    entries.set(name, entry.port);
    for (let at = 0; at < (entry.count ?? 1); at++) {
      const other = holders.get(entry.port + at);
      assert(!other, `${entry.port + at} belongs to ${other} and to ${name}`);
      holders.set(entry.port + at, name);
    }
  }
  return entries;
}

/** Every comment of a text in which no "#" is in a string. */
export function commentsOf(text: string): string[] {
  return text.match(/#.*/g) ?? [];
}
