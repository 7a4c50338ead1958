/**
 * Machines on which ports can be reserved, without this one being changed.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { parse } from "smol-toml";
import { availableOutside, goodPortsOf } from "../../lib/ports/policy.ts";
import { RESERVED_FILE } from "./fake_runtime.ts";
import { HIDE_PROMISES } from "./mounts.ts";
import {
  type Outcome,
  PROGRAM,
  type RunOptions,
  runTool,
  works,
} from "./program.ts";
import { TempFolder } from "./temp.ts";

/**
 * Whether such machines can be made: that takes root. Root makes them in CI in
 * any case: better to fail there than to be left out unseen.
 */
export const canReserve: boolean = Deno.build.os === "linux" &&
  Deno.uid() === 0 &&
  (Deno.env.has("CI") || works("unshare", "--mount", "--net", "true"));

/** What somebody else had reserved before port-for came. */
export const FOREIGN = "5000,6000-6010";

/** An ephemeral range that leaves no good port. */
export const ALL_PORTS = "1024 65535";

/**
 * The first of at least 300 ports that nobody claims, if it is not the kernel
 * that hands them out.
 */
export const QUIET: number = quietPort();

/** What port-for's file is called. */
export const FILE_NAME = "99-zz-port-for.conf";

/** What a machine is like when port-for comes. */
export interface MachineOptions {
  /** The ephemeral range. By default Linux's own. */
  readonly ephemeral?: string;
  /** The ports that the kernel is told to reserve. By default none. */
  readonly reserved?: string;
}

/** An entry of a store. */
export interface Entry {
  readonly port: number;
  readonly count?: number;
  readonly reserved?: string;
}

/** What reserving may change, or must not. */
export interface State {
  /** What the kernel is told to reserve. */
  readonly kernel: string;
  /** What port-for's file reserves; `undefined` where there is none. */
  readonly file: string | undefined;
  /** The text of the store; `undefined` where there is none. */
  readonly store: string | undefined;
}

/**
 * A machine with a network and mounts of its own, both of which end with the
 * test, however that ends. Its store and its sysctl folder are in `temp`.
 *
 *     await using machine = await Machine.of({ reserved: FOREIGN });
 */
export class Machine implements AsyncDisposable {
  /** Holds its files, as they are where nothing is mounted. */
  readonly temp: TempFolder = new TempFolder();
  /** The store that calls use if they name no other. */
  readonly store: string = this.temp.file("ports.toml");
  /** Its `/etc/sysctl.d`. */
  readonly sysctlFolder: string = this.temp.file("sysctl.d");
  /** What its programs have in their environment. */
  readonly env: Readonly<Record<string, string>> = {
    PORT_FOR_STORE: this.store,
    PORT_FOR_SYSCTL_DIR: this.sysctlFolder,
  };
  /** The words that run the program there. */
  program: readonly string[] = PROGRAM;
  readonly #process: Deno.ChildProcess;

  private constructor({ ephemeral = "32768 60999", reserved = "" }) {
    Deno.mkdirSync(this.sysctlFolder);
    // It ends with its standard input, so that it never outlives the test.
    this.#process = new Deno.Command("unshare", {
      args: [
        ...["--net", "--mount", "--propagation", "private", "sh", "-ec"],
        `${HIDE_PROMISES}
        ip link set lo up
        echo ${ephemeral} > /proc/sys/net/ipv4/ip_local_port_range
        echo ${reserved} > ${RESERVED_FILE}
        echo ready; exec cat`,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  }

  /** Makes a machine. */
  static async of(options: MachineOptions = {}): Promise<Machine> {
    const machine = new Machine(options);
    const output = machine.#process.stdout.getReader();
    const { done } = await output.read();
    output.releaseLock();
    if (!done) return machine;
    await machine[Symbol.asyncDispose]();
    throw new Error("cannot make a machine");
  }

  /** The command that runs another one there. */
  get prefix(): string[] {
    const of = `/proc/${this.#process.pid}/ns`;
    return ["nsenter", `--net=${of}/net`, `--mount=${of}/mnt`];
  }

  /** A file of the machine, for this process. */
  seen(path: string): string {
    return `/proc/${this.#process.pid}/root${path}`;
  }

  /** Runs any command there. */
  run(...command: string[]): Promise<Outcome> {
    return runTool([...this.prefix, ...command], { env: this.env });
  }

  /** Runs a command of the shell there, which has to work. */
  async shell(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.run("sh", "-ec", script);
    assertEquals([status, stderr], [0, ""], script);
    return stdout;
  }

  /** Runs the program there. */
  portFor(...args: string[]): Promise<Outcome> {
    return this.run(...this.program, ...args);
  }

  /** Runs the program there as `asUser` says. */
  portForAs(user: RunOptions, ...args: string[]): Promise<Outcome> {
    const { prefix = [], program = this.program, env } = user;
    return runTool([...this.prefix, ...prefix, ...program, ...args], {
      ...user,
      env: { ...this.env, ...env },
    });
  }

  /** Runs the program there, which has to do it without a word. */
  async done(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.portFor(...args);
    assertEquals([status, stderr], [0, ""], `port-for ${args.join(" ")}`);
    return stdout;
  }

  /** The port that the program prints for arguments. */
  async port(...args: string[]): Promise<number> {
    return Number(await this.done(...args));
  }

  /** What the kernel is told to reserve. */
  async kernel(): Promise<string> {
    // It gives its list to the first read, which therefore has to be a large one.
    const list = await this.shell(
      `dd if=${RESERVED_FILE} bs=1M count=1 status=none`,
    );
    return list.trim();
  }

  /** Tells the kernel what to reserve, as somebody else would. */
  async reserveElsewhere(list: string): Promise<void> {
    // An argument may not be as long as such a list.
    const path = this.temp.write("list", `${list}\n`);
    await this.shell(`cat ${path} > ${RESERVED_FILE}`);
  }

  /** Puts a file of somebody else's into the sysctl folder. */
  writeForeignFile(name: string, list: string): void {
    this.temp.write(
      `sysctl.d/${name}`,
      `# Not port-for's.\nnet.ipv4.ip_local_reserved_ports = ${list}\n`,
    );
  }

  /** What port-for's file reserves; `undefined` where there is none. */
  file(): string | undefined {
    const text = textIfThere(this.seen(`${this.sysctlFolder}/${FILE_NAME}`));
    return text?.match(/^net\.ipv4\.ip_local_reserved_ports = (.*)$/m)?.[1];
  }

  /** What port-for's file says that it has added itself. */
  added(): string {
    const text = textIfThere(this.seen(`${this.sysctlFolder}/${FILE_NAME}`));
    return text?.match(/^# added for ".*": (.*)$/m)?.[1] ?? "";
  }

  /** The entries of a store, read without the program's own code. */
  entries(store = this.store): Map<string, Entry> {
    const { ports = {} } = parse(textIfThere(this.seen(store)) ?? "");
    return new Map(
      Object.entries(ports).map(([name, value]) => [
        name,
        typeof value === "number" ? { port: value } : value as Entry,
      ]),
    );
  }

  /** Asserts what the kernel and port-for's file reserve, by default no file. */
  async assertReserves(kernel: string, file?: string): Promise<void> {
    assertEquals(await this.kernel(), kernel, "in the kernel");
    assertEquals(this.file(), file, "in the file");
  }

  /** All that reserving may change. */
  async state(): Promise<State> {
    return {
      kernel: await this.kernel(),
      file: this.file(),
      store: textIfThere(this.seen(this.store)),
    };
  }

  /** Forgets what the running kernel was told, and applies the files instead. */
  async reboot(): Promise<void> {
    await this.shell(
      `echo > ${RESERVED_FILE}
      for file in ${this.sysctlFolder}/*.conf; do
        test ! -e "$file" || sysctl --quiet --load="$file"
      done`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.abort();
    await this.#process.stdout.cancel();
    await this.#process.status;
    this.temp[Symbol.dispose]();
  }
}

/** A test on a machine of its own. */
export function onMachine(
  name: string,
  options: MachineOptions,
  run: (machine: Machine) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !canReserve,
    fn: async () => {
      await using machine = await Machine.of(options);
      await run(machine);
    },
  });
}

/** Waits for all, the failed ones too, so that nothing outlives the test. */
export async function allAtOnce<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(calls);
  return await Promise.all(calls);
}

/** The ports of a list in the kernel's form. */
export function portsIn(list: string | undefined): number[] {
  return (list ?? "").split(",").filter((part) => part !== "").flatMap(
    (part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    },
  );
}

/** Lists in the kernel's form, together in one. */
export function together(...lists: (string | number)[]): string {
  const ports = lists.flatMap((list) => portsIn(`${list}`));
  const sorted = [...new Set(ports)].sort((a, b) => a - b);
  const starts = sorted.filter((port) => !sorted.includes(port - 1));
  const ends = sorted.filter((port) => !sorted.includes(port + 1));
  return starts.map((first, at) =>
    first === ends[at] ? `${first}` : `${first}-${ends[at]}`
  ).join(",");
}

function quietPort(): number {
  for (const { first, last } of goodPortsOf(availableOutside([])).ranges()) {
    if (last - first >= 300) return first;
  }
  throw new Error("there is no long range of good ports any more");
}

/** The text of a file, if there is one. */
function textIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const { NotFound, NotADirectory } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
