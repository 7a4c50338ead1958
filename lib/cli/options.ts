/** One option of the command line. */
export interface Option {
  /** The long name, without its hyphens. */
  readonly long: string;
  /** The one-letter name, where it has one. */
  readonly short?: string;
  /** What its value is called; an option without a value is a switch. */
  readonly value?: string;
  /** The only values that it takes, where they are few. */
  readonly choices?: readonly string[];
  /** Whether it may be given more than once. */
  readonly repeatable?: boolean;
  /** What it does, in plain text. */
  readonly help: string;
  /** The action that it asks for; others change an action. */
  readonly action?: Action;
  /** The actions that it can change; without this, any. */
  readonly changes?: readonly Action[];
}

/** What a call does. All but `associate` are asked for by an option. */
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
  | "import"
  | "completions"
  | "help"
  | "version";

/** Options that belong together, under a heading. */
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
        help: "associate this port, whatever speaks against it",
        changes: ["associate"],
      },
      {
        long: "unbind",
        short: "u",
        value: "NAME",
        repeatable: true,
        help: "take the association of NAME away",
        action: "unbind",
      },
      {
        long: "list",
        short: "l",
        help: "print every association, NAME: PORT",
        action: "list",
      },
      {
        long: "get",
        short: "g",
        value: "NAME",
        repeatable: true,
        help: "print the port of NAME, but never associate one; " +
          "exit 1 where there is none",
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
        help:
          "a lease (90s, 15m, 2h, 7d), renewed by each call with it; once " +
          "it has ended, a call without it is for good",
        changes: ["associate"],
      },
      {
        long: "here",
        help: "names belong to the current directory; without NAME, the " +
          "directory itself",
        changes: ["associate", "unbind", "list", "get"],
      },
      {
        long: "prune",
        help: "drop expired leases, and names whose directory is gone",
        action: "prune",
      },
      {
        long: "import",
        value: "FILE",
        help: "take over the Python port-for's /etc/port-for.conf",
        action: "import",
      },
      {
        long: "env",
        help: "print NAME_PORT=PORT lines; without NAME, for the whole store",
        changes: ["associate", "get"],
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
        help:
          "print a table of names, ports and their state: free, or in use " +
          "and by which process",
        action: "status",
      },
      {
        long: "explain",
        value: "PORT",
        repeatable: true,
        help: "print all that is known about PORT; exit 0 where it is good " +
          "and free",
        action: "explain",
      },
      {
        long: "check",
        help: "print every problem in the store and with its ports; exit 1 " +
          "where there is one",
        action: "check",
      },
      {
        long: "map",
        help: "print a picture of the whole port space, or of --range",
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
          "allows the dynamic range too",
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
        help: "the UDP port must be free too",
        changes: ["associate"],
      },
      {
        long: "reserve",
        help: "tell the Linux kernel to keep the port out of its ephemeral " +
          "range, now and after a reboot; without NAME, put right what was " +
          "reserved before",
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
        help: "the store; else $PORT_FOR_STORE, else the machine's " +
          "/etc/port-for.toml",
      },
      {
        long: "user",
        help: "your own store, ~/.local/state/port-for/port-for.toml, unless " +
          "$PORT_FOR_STORE names one",
      },
      {
        long: "wait",
        value: "SECONDS",
        help: "how long to wait for another port-for that changes the store; " +
          "10 by default",
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
        help: "print a script that completes port-for's options and names, " +
          "for bash, zsh or fish",
        action: "completions",
      },
      { long: "help", short: "h", help: "print this help", action: "help" },
      {
        long: "version",
        short: "v",
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

/** Options that contradict each other, beside two different actions. */
export const CONTRADICTIONS: readonly (readonly [string, string])[] = [
  ["store", "user"],
  ["env", "json"],
  ["port", "range"],
  ["port", "exclude"],
  ["port", "random"],
];
