import { type Option, OPTION_GROUPS, OPTIONS } from "../options.ts";

/**
 * What port-for prints on standard error when it is called without arguments.
 */
export const USAGE = `\
Usage: port-for [options] NAME...
       port-for [options] NAME... -- COMMAND...
       port-for --help
`;

/** How many columns help may take. */
const WIDTH = 80;

/** The column at which the explanations of options begin. */
const INDENT = 27;

const EXAMPLES = [
  ["port-for web", 'a port for "web": chosen once, the same ever after'],
  ["port-for web db", "a port each, a line each"],
  ["port-for --list", "which name has which port"],
  ["port-for --unbind web", '"web" gives up its port'],
  ["port-for web -- npm start", "run a command with $PORT and $WEB_PORT"],
  ["port-for --here web", "another port in each checkout of a project"],
  ["port-for --user web", "without sudo: in a store of your own"],
] as const;

/** The most used options, for `-h`. */
const FREQUENT = [
  "unbind",
  "list",
  "get",
  "port",
  "range",
  "count",
  "here",
  "env",
  "json",
  "status",
  "explain",
  "check",
  "user",
  "store",
];

const INTRODUCTION = [
  "port-for gives names to local ports: it finds a TCP port that is free and",
  "will stay free, prints it, and remembers it.",
  "",
  ...EXAMPLES.map(([call, what]) => `  ${call.padEnd(INDENT)}${what}`),
  "",
  USAGE.trimEnd(),
];

/** `--help`: all options. */
export function helpText(): string {
  return [
    ...INTRODUCTION,
    ...OPTION_GROUPS.flatMap(({ title, options }) => [
      "",
      `${title}:`,
      ...options.flatMap(optionLines),
    ]),
    "",
    'After "--", {port} in an argument is the first port, {web} that of "web".',
    "",
    "Exit status: 0 done, 1 it could not be done or the answer is no, 2 the command",
    'line is wrong; with a COMMAND after "--", its own.',
    "",
  ].join("\n");
}

/** `-h`: the most used options, on one screen. */
export function shortHelpText(): string {
  const frequent = OPTIONS.filter(({ long }) => FREQUENT.includes(long));
  return [
    ...INTRODUCTION,
    "",
    ...frequent.map((option) => {
      const [help = ""] = option.help.split(/[;(]|: (?=[a-z])/, 1);
      return `  ${optionHead(option).padEnd(INDENT - 2)}${help.trim()}`;
    }),
    "",
    "port-for --help has all options.",
    "",
  ].join("\n");
}

/** An option as in the help, without its explanation: `-p, --port PORT`. */
export function optionHead({ short, long, value }: Option): string {
  return (short ? `-${short}, ` : "    ") + `--${long}` +
    (value ? ` ${value}` : "");
}

function optionLines(option: Option): string[] {
  const head = `  ${optionHead(option)}`;
  const help = wrap(option.help, WIDTH - INDENT);
  // A long head gets a line of its own.
  if (head.length + 2 > INDENT) help.unshift("");
  return help.map((line, index) =>
    ((index === 0 ? head : "").padEnd(INDENT) + line).trimEnd()
  );
}

/** Wraps a text between words, into lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
