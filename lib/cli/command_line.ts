import { nearest, PortForError, quoted } from "../error.ts";
import {
  type Action,
  CONTRADICTIONS,
  type Option,
  OPTIONS,
} from "./options.ts";

/**
 * A parsed command line.
 *
 * This does not use the standard library's `parseArgs`, which takes the names
 * `true` and `false` after a switch for its value, does not support `-bNAME`,
 * and cannot tell a missing value from an empty one. Arguments are parsed as
 * getopt does, with the table of options.
 */
export class CommandLine {
  /** What to do. */
  readonly action: Action;
  /** The names to associate: plain arguments and the values of `--bind`. */
  readonly names: readonly string[];
  /** The command to run with the ports, after `--`. */
  readonly command: readonly string[] | undefined;
  readonly #values: ReadonlyMap<string, readonly string[]>;

  /** @throws {PortForError} `BAD_INPUT`, naming the option. */
  constructor(args: readonly string[]) {
    const end = args.indexOf("--");
    const own = end === -1 ? args : args.slice(0, end);
    const { names, values } = readArguments(own);
    this.names = names;
    this.command = end === -1 ? undefined : args.slice(end + 1);
    this.#values = values;
    this.action = actionOf(names, values);
    refuseNoCommand(this.action, names, this.command, values);
    if (this.action !== "help" && this.action !== "version") {
      refuseContradictions(this.action, names, values);
    }
  }

  /** Whether an option was given. */
  has(long: string): boolean {
    return this.#values.has(long);
  }

  /** The value of an option; `undefined` if it was not given. */
  value(long: string): string | undefined {
    return this.#values.get(long)?.[0];
  }

  /** All the values of a repeatable option, in order. */
  values(long: string): readonly string[] {
    return this.#values.get(long) ?? [];
  }
}

type Values = Map<string, string[]>;

function readArguments(
  args: readonly string[],
): { names: string[]; values: Values } {
  const names: string[] = [];
  const values: Values = new Map();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg.startsWith("--")) readLong(arg, rest, values);
    else if (arg.startsWith("-") && arg !== "-") readShort(arg, rest, values);
    else names.push(arg);
    // Keeps plain names and those of --bind in the order in which they were
    // written.
    names.push(...values.get("bind")?.splice(0) ?? []);
  }
  return { names, values };
}

/** Reads `--long`, `--long VALUE` or `--long=VALUE`. */
function readLong(arg: string, rest: string[], values: Values): void {
  const [, long = "", given] = /^--([^=]*)(?:=(.*))?$/s.exec(arg)!;
  const option = OPTIONS.find((option) => option.long === long);
  if (!option) throw unknownOption(`--${long}`);
  if (option.value === undefined && given !== undefined) {
    throw wrong(`--${long} takes no value, but was given ${quoted(given)}`);
  }
  note(option, given ?? valueFor(option, rest), values);
}

/** Reads `-a`, `-ab`, `-a VALUE` or `-aVALUE`. */
function readShort(arg: string, rest: string[], values: Values): void {
  const letters = [...arg];
  for (let at = 1; at < letters.length; at++) {
    const letter = letters[at]!;
    const option = OPTIONS.find(({ short, alsoShort }) =>
      letter === short || letter === alsoShort
    );
    if (!option) throw unknownOption(`-${letter}`);
    const attached = letters.slice(at + 1).join("");
    if (option.value !== undefined && attached !== "") {
      return note(option, attached, values);
    }
    note(option, valueFor(option, rest, `-${letter}`), values);
  }
}

/**
 * Takes the value of an option from the arguments after it. For a switch, the
 * value is its short spelling, if that was used.
 */
function valueFor(option: Option, rest: string[], spelt = ""): string {
  if (option.value === undefined) return spelt;
  const next = rest[0];
  if (next === undefined || isOption(next)) {
    throw wrong(`--${option.long} needs a value, ${option.value}`);
  }
  return rest.shift()!;
}

function isOption(arg: string): boolean {
  const [name = ""] = arg.split("=", 1);
  return name === "--" ||
    OPTIONS.some(({ long, short }) =>
      name === `--${long}` || (short !== undefined && name === `-${short}`)
    );
}

function note(option: Option, value: string, values: Values): void {
  const before = values.get(option.long) ?? [];
  if (before.length > 0 && !option.repeatable && option.value !== undefined) {
    throw wrong(`--${option.long} is given more than once`);
  }
  // Bytes that are not UTF-8 are decoded to U+FFFD, so the value is not what
  // the user meant. Names are checked elsewhere.
  if (option.value !== "NAME" && value.includes("\ufffd")) {
    throw wrong(
      `the value of --${option.long}, ${
        quoted(value)
      }, is not valid UTF-8 text`,
    );
  }
  values.set(option.long, [...before, value]);
}

function actionOf(names: readonly string[], values: Values): Action {
  for (const action of ["help", "version"] as const) {
    if (values.has(action)) return action;
  }
  const asked = OPTIONS.filter(({ long, action }) =>
    action !== undefined && values.has(long)
  );
  const [first, second] = asked;
  if (first && second) {
    throw wrong(`--${first.long} and --${second.long} cannot be used together`);
  }
  if (first && names.length > 0 && !first.takesNames) {
    throw wrong(
      `--${first.long} cannot be used with the name ${quoted(names[0]!)} ` +
        `(make two calls${
          first.repeatable ? `, or write --${first.long} before each name` : ""
        })`,
    );
  }
  return first?.action ?? "associate";
}

function refuseContradictions(
  action: Action,
  names: readonly string[],
  values: Values,
): void {
  for (const option of OPTIONS) {
    if (!values.has(option.long) || option.action) continue;
    if (!option.changes || option.changes.includes(action)) continue;
    // Associating has no option of its own to name in the message.
    const isFor = option.changes.map((long) => `--${long}`).join(" and ");
    throw wrong(
      action === "associate"
        ? `--${option.long} is for ${isFor}`
        : `--${option.long} cannot be used with --${action}`,
    );
  }
  for (const [a, b] of CONTRADICTIONS) {
    if (values.has(a) && values.has(b)) {
      throw wrong(`--${a} and --${b} cannot be used together`);
    }
  }
  const nameless = ["here", "env", "reserve"].some((long) => values.has(long));
  if (action === "associate" && names.length === 0 && !nameless) {
    throw wrong("no NAME is given");
  }
  if (action === "associate" && names.length === 0) {
    refuseWithoutNames(values);
  }
  if (values.has("write") && !values.has("env")) {
    throw wrong("--write FILE is for --env");
  }
  if (values.get("write")?.[0] === "") {
    throw wrong('--write "" does not name a file');
  }
  if (values.has("init") && !values.has("here")) {
    throw wrong("--init is for --here: port-for --here --init NAME...");
  }
  if (values.has("port") && names.length > 1) {
    throw wrong(
      `--port ${values.get("port")} is for one NAME, but ${names.length} are ` +
        `given: ${names.map(quoted).join(", ")}`,
    );
  }
}

/** Refuses options that need a NAME when there is none. */
function refuseWithoutNames(values: Values): void {
  const alone = ["env", "reserve"].find((long) => values.has(long));
  if (!alone || values.has("here")) return;
  const means = [alone, "here", "json", "write"];
  const other = OPTIONS.find(({ long, changes }) =>
    values.has(long) && changes?.includes("associate") && !means.includes(long)
  );
  if (other) {
    throw wrong(`--${other.long} with --${alone} needs a NAME`);
  }
}

function refuseNoCommand(
  action: Action,
  names: readonly string[],
  command: readonly string[] | undefined,
  values: Values,
): void {
  if (command === undefined || action === "help") return;
  if (command[0] === undefined) {
    throw wrong('"--" is not followed by a command');
  }
  const other = action !== "associate"
    ? action
    : ["json", "env", "format"].find((long) => values.has(long));
  if (other) {
    throw wrong(`--${other} cannot be used with a command`);
  }
  if (names.length === 0 && !values.has("here")) {
    throw wrong("no NAME is given");
  }
}

function unknownOption(option: string): PortForError {
  const meant = nearest(option, OPTIONS.map(({ long }) => `--${long}`));
  return wrong(
    `unknown option ${quoted(option).slice(1, -1)}` +
      (meant ? ` (did you mean ${meant}?)` : ""),
  );
}

function wrong(why: string): PortForError {
  return new PortForError(
    "BAD_INPUT",
    why.endsWith(")")
      ? `cannot read the command line: ${why}`
      : `cannot read the command line: ${why} (see port-for --help)`,
  );
}
