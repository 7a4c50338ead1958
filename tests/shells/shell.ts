import { PROGRAM, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { Terminal } from "../support/terminal.ts";

/** The shells that port-for completes. */
export type ShellName = "bash" | "zsh" | "fish";

const PROMPT = "your-turn> ";
const MORE_PROMPT = "go-on> ";

/** How to start each shell, with what it reads first. */
const SHELLS: Record<ShellName, (home: string) => string[]> = {
  bash: (home) => ["bash", "--noprofile", "--rcfile", `${home}/rc`, "-i"],
  zsh: () => ["zsh", "--no-global-rcs", "-i"],
  fish: (home) => ["fish", "--no-config", "-C", `source ${home}/rc`, "-i"],
};

/** What each shell reads before that, so that one can tell what it does. */
const PROMPTS: Record<ShellName, string> = {
  bash: `PS1='${PROMPT}' PS2='${MORE_PROMPT}'
bind 'set enable-bracketed-paste off'
`,
  zsh: `PS1='${PROMPT}' PS2='${MORE_PROMPT}'
unsetopt prompt_sp prompt_cr
autoload -Uz compinit
`,
  fish: `function fish_prompt; echo -n '${PROMPT}'; end
function fish_greeting; end
`,
};

/** How users set completion up. */
const SET_UP: Record<ShellName, string> = {
  bash: 'eval "$(port-for --completions bash)"\n',
  zsh: 'compinit -D\neval "$(port-for --completions zsh)"\n',
  fish: "port-for --completions fish | source\n",
};

/**
 * A shell in a terminal, with port-for's completion set up, in a folder of its
 * own. What it calls as `port-for` is the program, but with an output to the
 * terminal it just notes the words that it was called with.
 */
export class Shell implements AsyncDisposable {
  readonly #temp = new TempFolder();
  #terminal: Terminal | undefined;
  #lines = 0;

  /** @param setUp How completion is set up, if not in the usual way. */
  constructor(readonly name: ShellName, setUp: string = SET_UP[name]) {
    for (const folder of ["bin", "home", "here"]) {
      Deno.mkdirSync(this.#temp.file(folder), { mode: 0o700 });
    }
    this.#temp.write(
      name === "zsh" ? "home/.zshrc" : "home/rc",
      `${PROMPTS[name]}${setUp}`,
    );
    const program = this.#temp.write("bin/port-for", WRAPPER);
    Deno.chmodSync(program, 0o755);
  }

  /** The folder that the shell is in. */
  get folder(): string {
    return this.#temp.file("here");
  }

  /** The home folder of who sits there. */
  get home(): string {
    return this.#temp.file("home");
  }

  /** Removes what is in the shell's folder. */
  clear(): void {
    for (const name of this.files()) {
      Deno.removeSync(`${this.folder}/${name}`, { recursive: true });
    }
  }

  /** The names of what is in the shell's folder. */
  files(): string[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) => name).sort();
  }

  /** Puts a file into the shell's folder, or its home. */
  write(path: string, text: string): void {
    const full = path.replace(/^~/, this.home);
    const absolute = full.startsWith("/") ? full : `${this.folder}/${full}`;
    Deno.mkdirSync(absolute.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(absolute, text);
  }

  /**
   * Presses keys behind the prompt, and then Enter.
   *
   * @returns the words that port-for was called with; `undefined` where the
   * shell did not take that for the end of the line, or did not call it.
   */
  async words(keys: string): Promise<string[] | undefined> {
    const file = this.#temp.file("words");
    await Deno.remove(file).catch(() => {});
    await this.#enter(keys);
    try {
      return Deno.readTextFileSync(file).split("\n").slice(0, -1);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#terminal?.[Symbol.asyncDispose]();
    this.#temp[Symbol.dispose]();
  }

  async #enter(keys: string): Promise<void> {
    const terminal = this.#terminal ??= await this.#start();
    const end = `end-${++this.#lines}`;
    try {
      // The keys themselves must not look like the end.
      await terminal.type(`${keys} ; echo e''${end.slice(1)}\r`);
      const { text } = await terminal.shows(end, MORE_PROMPT);
      if (text === MORE_PROMPT) await terminal.type("\x03");
      await terminal.shows(PROMPT);
    } catch (error) {
      // Nobody knows what it waits for: the next line gets another one.
      await terminal[Symbol.asyncDispose]();
      this.#terminal = undefined;
      throw error;
    }
  }

  async #start(): Promise<Terminal> {
    const terminal = new Terminal(SHELLS[this.name](this.home), {
      cwd: this.folder,
      env: this.#environment(),
    });
    await terminal.shows(PROMPT);
    return terminal;
  }

  #environment(): Record<string, string> {
    return {
      PATH: `${this.#temp.file("bin")}:${Deno.env.get("PATH")}`,
      HOME: this.home,
      ZDOTDIR: this.home,
      XDG_CONFIG_HOME: this.#temp.file("home/.config"),
      // Where fish puts what it would leave in /tmp; for nobody else to see.
      XDG_RUNTIME_DIR: this.home,
      LC_ALL: "C.UTF-8",
      PORT_FOR_STORE: "store.toml",
      PORT_FOR_WORDS: this.#temp.file("words"),
    };
  }
}

const { stdout: DENO_DIR } = await runTool(["printenv", "DENO_DIR"]);

const WRAPPER = `#!/bin/sh
if [ -t 1 ]; then
  printf '%s\\n' "$@" >"$PORT_FOR_WORDS"
else
  DENO_DIR='${DENO_DIR.trim()}' exec ${
  PROGRAM.map((word) => `'${word}'`).join(" ")
} "$@"
fi
`;
