/** One option of the command line. */
export interface Option {
  /** The long name, without its hyphens. */
  readonly long: string;
  /** The one-letter name, if it has one. */
  readonly short?: string;
  /** Another one-letter name. */
  readonly alsoShort?: string;
  /** What its value is called. An option without a value is a switch. */
  readonly value?: string;
  /** The only values that it takes, if limited. */
  readonly choices?: readonly string[];
  /** Whether it may be given more than once. */
  readonly repeatable?: boolean;
  /** What it does, in plain text. */
  readonly help: string;
  /** The action that it selects. Options without one modify an action. */
  readonly action?: Action;
  /** The actions that it can modify. Defaults to all. */
  readonly changes?: readonly Action[];
  /** Whether its action takes the NAMEs of the command line. */
  readonly takesNames?: boolean;
}

/** What a call does. All but `associate` are selected by an option. */
export type Action =
  | "associate"
  | "unbind"
  | "list"
  | "get"
  | "status"
  | "explain"
  | "check"
  | "map"
  | "prune"
  | "init"
  | "import"
  | "completions"
  | "help"
  | "version";

/** A group of options under a heading. */
export interface OptionGroup {
  /** The heading. */
  readonly title: string;
  /** The options, in the order in which they are shown. */
  readonly options: readonly Option[];
}

/**
 * The one table of options: parser, help, man page and completions all come
 * from it.
 */
export const OPTION_GROUPS: readonly OptionGroup[] = [
  {
    title: "Names and ports",
    options: [
      {
        long: "bind",
        short: "b",
        value: "NAME",
        repeatable: true,
        help: "the same as NAME",
        changes: ["associate"],
      },
      {
        long: "port",
        short: "p",
        value: "PORT",
        help: "give NAME this port; warns if it is not a good one",
        changes: ["associate"],
      },
      {
        long: "unbind",
        short: "u",
        value: "NAME",
        repeatable: true,
        help: "NAME gives up its port",
        action: "unbind",
      },
      {
        long: "list",
        short: "l",
        help: "print every name with its port, NAME: PORT",
        action: "list",
      },
      {
        long: "get",
        short: "g",
        value: "NAME",
        repeatable: true,
        help: "print the port of NAME, but never give it one; exit 1 if it " +
          "has none",
        action: "get",
      },
      {
        long: "count",
        value: "N",
        help: "a block of N consecutive ports",
        changes: ["associate"],
      },
      {
        long: "ttl",
        value: "DURATION",
        help: "a lease (90s, 15m, 2h, 7d), renewed by each call with --ttl; " +
          "once it has ended, a call without --ttl gives a port for good",
        changes: ["associate"],
      },
      {
        long: "allow",
        help: "--check does not object to this port, even if it is not good",
        changes: ["associate"],
      },
      {
        long: "import",
        value: "FILE",
        help: "take over a store, or the Python port-for's /etc/port-for.conf",
        action: "import",
      },
    ],
  },
  {
    title: "A project's ports",
    options: [
      {
        long: "here",
        help: "names belong to this checkout; without NAME, all names of its " +
          ".port-for.toml, or the checkout itself",
        changes: [
          "associate",
          "unbind",
          "list",
          "get",
          "status",
          "explain",
          "check",
          "init",
        ],
      },
      {
        long: "init",
        help:
          "write a first .port-for.toml, with NAMEs, or with the services " +
          "of a Compose file or Procfile",
        action: "init",
        takesNames: true,
      },
      {
        long: "prune",
        help: "drop leases that have ended, and names whose checkout is gone",
        action: "prune",
      },
    ],
  },
  {
    title: "What to print",
    options: [
      {
        long: "env",
        help: "print NAME_PORT=PORT lines; without NAME, for every name",
        changes: ["associate", "get"],
      },
      {
        long: "write",
        value: "FILE",
        help: "with --env: keep the lines in FILE, as a block of their own",
        changes: ["associate", "get"],
      },
      {
        long: "format",
        value: "TEXT",
        help: "print TEXT with {NAME} and {port} filled in; with --list, a " +
          "line for each name, with {name} and {port}",
        changes: ["associate", "get", "list"],
      },
      {
        long: "toml",
        help: "print the text of a store",
        changes: ["list"],
      },
      {
        long: "json",
        help: "print JSON",
        changes: [
          "associate",
          "list",
          "get",
          "import",
          "status",
          "explain",
          "check",
          "map",
          "prune",
        ],
      },
    ],
  },
  {
    title: "Looking at ports",
    options: [
      {
        long: "status",
        help: "print a table: name, port, and whether it is free or in use, " +
          "and by which process",
        action: "status",
      },
      {
        long: "explain",
        value: "PORT",
        repeatable: true,
        help: "print all that is known about a port, or about NAME's; exit 0 " +
          "if it is good and free",
        action: "explain",
      },
      {
        long: "check",
        help: "print every problem in the store and with its ports; exit 1 " +
          "if there is one",
        action: "check",
      },
      {
        long: "fix",
        help: "put right what is not as it should be in an etcd cluster",
        changes: ["check"],
      },
      {
        long: "map",
        help: "print a picture of all ports, or of --range",
        action: "map",
      },
    ],
  },
  {
    title: "How to choose",
    options: [
      {
        long: "range",
        value: "A-B",
        help:
          "choose from these ports only; a range that reaches above 49151 " +
          "allows the dynamic range, too",
        changes: ["associate", "map"],
      },
      {
        long: "exclude",
        value: "LIST",
        repeatable: true,
        help: "do not choose these, such as 25565,27015-27030",
        changes: ["associate"],
      },
      {
        long: "random",
        help: "choose at random instead of by the name",
        changes: ["associate"],
      },
      {
        long: "udp",
        help: "the UDP port must be free, too",
        changes: ["associate"],
      },
      {
        long: "reserve",
        help: "also tell the Linux kernel to keep the port out of its " +
          "ephemeral range; without NAME, put right what was reserved before",
        changes: ["associate"],
      },
    ],
  },
  {
    title: "Where",
    options: [
      {
        long: "store",
        value: "FILE",
        help: "the store, or etcds://HOST:PORT/PREFIX; else $PORT_FOR_STORE, " +
          "else /etc/port-for.toml",
      },
      {
        long: "user",
        help: "your own store, ~/.local/state/port-for/port-for.toml",
      },
      {
        long: "wait",
        value: "SECONDS",
        help: "give up once nothing has moved for so long while others write " +
          "the store; 10 by default",
      },
    ],
  },
  {
    title: "About port-for",
    options: [
      {
        long: "completions",
        value: "SHELL",
        choices: ["bash", "zsh", "fish"],
        help: "print a script that completes options and names",
        action: "completions",
      },
      { long: "help", short: "h", help: "print this help", action: "help" },
      {
        long: "version",
        short: "v",
        alsoShort: "V",
        help: "print the version",
        action: "version",
      },
    ],
  },
];

/** All the options, in the order of the table. */
export const OPTIONS: readonly Option[] = OPTION_GROUPS.flatMap((group) =>
  group.options
);

/**
 * Options that cannot be used together, in addition to two different actions.
 */
export const CONTRADICTIONS: readonly (readonly [string, string])[] = [
  ["store", "user"],
  ["env", "json"],
  ["env", "format"],
  ["json", "format"],
  ["toml", "json"],
  ["toml", "format"],
  ["toml", "here"],
  ["port", "range"],
  ["port", "exclude"],
  ["port", "random"],
];
