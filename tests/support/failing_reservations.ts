/**
 * Calls that reserve ports, on a machine whose operations fail. To be run in a
 * network namespace of its own, for it changes what the kernel reserves there.
 *
 * @module
 */
import { runOn } from "./command_line.ts";
import { RESERVED_FILE, systemError } from "./fake_runtime.ts";
import { hastyMachine, type Interfere, interposed } from "./interposed.ts";
import { FILE_NAME, FOREIGN } from "./machine.ts";
import { TempFolder } from "./temp.ts";

/** What is told of an operation that failed. */
export interface Finding {
  readonly call: string;
  readonly operation: string;
  readonly finding: string;
}

/** What did not hold. */
export interface Findings {
  /** How often something failed. */
  readonly tried: number;
  readonly findings: readonly Finding[];
}

interface Call {
  readonly args: readonly string[];
  /** The ports that are reserved before. */
  readonly reserved: readonly number[];
  /** The store before. */
  readonly store: string | undefined;
}

const WEB = 'web = { port = 25100, reserved = "kernel" }\n';
const DB = 'db = { port = 25200, reserved = "kernel" }\n';
const CALLS: readonly Call[] = [
  { args: ["--reserve", "db"], reserved: [], store: undefined },
  {
    args: ["--reserve", "db"],
    reserved: [25100],
    store: `[ports]\n${WEB}db = 25200\n`,
  },
  { args: ["--unbind=db"], reserved: [25200], store: `[ports]\n${DB}` },
  {
    args: ["--unbind=db"],
    reserved: [25100, 25200],
    store: `[ports]\n${WEB}${DB}`,
  },
];

/** A machine that a call is made on. */
class Site extends TempFolder {
  readonly #args: readonly string[];

  constructor({ args, reserved, store }: Call) {
    super();
    this.#args = [`--store=${this.file("ports.toml")}`, "--wait=0", ...args];
    if (store !== undefined) this.write("ports.toml", store);
    Deno.mkdirSync(this.file("sysctl.d"));
    if (reserved.length > 0) {
      this.write(
        `sysctl.d/${FILE_NAME}`,
        `net.ipv4.ip_local_reserved_ports = ${reserved}\n`,
      );
    }
    Deno.writeTextFileSync(
      RESERVED_FILE,
      `${[FOREIGN, ...reserved].join(",")}\n`,
    );
  }

  /** Makes the call. Returns its status. */
  call(interfere: Interfere): Promise<number> {
    const variables: Record<string, string> = {
      PORT_FOR_SYSCTL_DIR: this.file("sysctl.d"),
    };
    return runOn(interposed({
      ...hastyMachine,
      args: this.#args,
      env: (name) => variables[name],
      writeOut() {},
      writeError() {},
    }, interfere));
  }

  /** Store, kernel and file, as a text that can be compared. */
  state(): string {
    return [this.#store(), this.#kernel(), this.#file()].join("\n");
  }

  /** The ports that are reserved, but by nobody and for no name. */
  unknown(): string[] {
    const known = `${FOREIGN}\n${this.#store()}`;
    return `${this.#kernel()},${this.#file()}`.split(",")
      .filter((port) => port !== "" && !known.includes(port));
  }

  /** Lets go of what an operation that failed has kept from being closed. */
  unlock(): void {
    for (const name of ["ports.toml.lock", `sysctl.d/${FILE_NAME}.lock`]) {
      try {
        Deno.removeSync(this.file(name));
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }

  #store(): string {
    return this.#text(this.file("ports.toml"));
  }

  #kernel(): string {
    return this.#text(RESERVED_FILE).trim();
  }

  #file(): string {
    return /= (.*)$/m.exec(this.#text(this.file(`sysctl.d/${FILE_NAME}`)))
      ?.[1] ?? "";
  }

  #text(path: string): string {
    try {
      return Deno.readTextFileSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }
}

/** Where nothing fails: what a call comes to, and how many operations it has. */
async function smooth(call: Call): Promise<{ after: string; steps: number }> {
  using site = new Site(call);
  let steps = 0;
  const status = await site.call((_, run) => {
    steps++;
    return run();
  });
  if (status !== 0) throw new Error(`${call.args} has status ${status}`);
  return { after: site.state(), steps };
}

/** What does not hold where one operation of a call fails. */
async function failAt(
  call: Call,
  at: number,
  after: string,
): Promise<Finding[]> {
  using site = new Site(call);
  const before = site.state();
  let operation = "";
  const status = await site.call((step, run) => {
    if (step.at !== at) return run();
    operation = `${step.operation} ${step.path.replace(site.path, "")}`;
    throw systemError("EIO");
  });
  const findings: string[] = [];
  const state = site.state();
  if (status === 0 && state !== after) findings.push(`it came to ${state}`);
  // After these nobody knows what is on the disk, or all is done already.
  const isLate = /^(syncFolder|file\.close|writeOut)/.test(operation);
  if (status !== 0 && !isLate && state !== before) {
    findings.push(`it failed, but changed ${state}`);
  }
  const unknown = site.unknown();
  if (unknown.length > 0) findings.push(`reserved for nobody: ${unknown}`);

  site.unlock();
  await site.call((_, run) => run());
  if (site.state() !== after) {
    findings.push(`the next call came to ${site.state()}`);
  }
  return findings.map((finding) => ({
    call: call.args.join(" "),
    operation,
    finding,
  }));
}

/** Runs where nothing else is reserved. */
export async function failEverywhere(): Promise<Findings> {
  const findings: Finding[] = [];
  let tried = 0;
  for (const call of CALLS) {
    const { after, steps } = await smooth(call);
    for (let at = 1; at <= steps; at++) {
      findings.push(...await failAt(call, at, after));
      tried++;
    }
  }
  return { tried, findings };
}

/**
 * A name is taken away while an editor saves the store, so that all has to be
 * done over again, and that fails.
 */
export async function failTwice(): Promise<Findings> {
  const [, , call] = CALLS;
  using site = new Site(call!);
  const store = site.file("ports.toml");
  let attempts = 0;
  const status = await site.call(({ operation, path }, run) => {
    if (operation === "open" && path === `${store}.tmp` && ++attempts === 1) {
      Deno.writeTextFileSync(store, "# saved\n", { append: true });
    }
    if (operation === "rename" && path === store) throw systemError("EIO");
    return run();
  });
  if (status === 0) throw new Error("nothing failed");
  const state = site.state();
  const before = new Site(call!);
  const expected = before.state();
  before[Symbol.dispose]();
  return {
    tried: attempts,
    findings: state.replace("# saved\n", "") === expected ? [] : [{
      call: call!.args.join(" "),
      operation: "rename",
      finding: `it failed, but changed ${state}`,
    }],
  };
}
