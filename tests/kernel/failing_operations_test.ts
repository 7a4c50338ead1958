import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse } from "smol-toml";
import { RESERVED_PORTS_FILE } from "../../lib/machine/reserved.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { systemError } from "../support/fake_runtime.ts";
import { Failures, survived } from "../support/fault_form.ts";
import { hastyMachine, type Interfere } from "../support/interposed.ts";
import { FILE_NAME, portsIn, together } from "../support/machine.ts";
import {
  callOn,
  commentsOf,
  entriesOf,
  KEPT,
  type Result,
} from "../support/scenarios.ts";
import { TempFolder } from "../support/temp.ts";

/** What somebody else has reserved. */
const FOREIGN = 5000;

const RESERVED = KEPT.replace(
  "web = 24017",
  'web = { port = 24017, reserved = "kernel" }',
);

/** A machine whose kernel may be told what no other one should hear. */
class Site extends TempFolder {
  /** What the kernel keeps out of its ephemeral range. */
  kernel = `${FOREIGN}`;

  constructor({ store }: Call) {
    super();
    this.write("ports.toml", store);
    Deno.mkdirSync(this.file("sysctl.d"));
    const reserved = this.#inStore();
    if (reserved.length === 0) return;
    this.kernel = together(FOREIGN, ...reserved);
    this.write(
      `sysctl.d/${FILE_NAME}`,
      `net.ipv4.ip_local_reserved_ports = ${this.kernel}\n`,
    );
  }

  call(args: readonly string[], interfere?: Interfere): Promise<Result> {
    const machine: Runtime = {
      ...hastyMachine,
      env: (name) =>
        name === "PORT_FOR_SYSCTL_DIR" ? this.file("sysctl.d") : undefined,
      readFile: (path) =>
        path === RESERVED_PORTS_FILE
          ? new TextEncoder().encode(`${this.kernel}\n`)
          : hastyMachine.readFile(path),
      open: (path, how) =>
        path === RESERVED_PORTS_FILE
          ? this.#openKernel()
          : hastyMachine.open(path, how),
    };
    const store = `--store=${this.file("ports.toml")}`;
    return callOn(machine, [store, "--wait=0", ...args], interfere);
  }

  #openKernel(): ReturnType<Runtime["open"]> {
    // Only to be written and closed: it is no file that has anything else.
    return {
      write: (bytes: Uint8Array, from = 0) => {
        const list = new TextDecoder().decode(bytes).trim();
        // What does not begin the list is added to it.
        this.kernel = from === 0 ? list : together(this.kernel, list);
      },
      close() {},
    } as ReturnType<Runtime["open"]>;
  }

  /** The store, and what kernel and file reserve, as a text to compare. */
  state(): string {
    const file = together(this.#inFile(/^net.*= *(.*)$/m));
    return [this.read("ports.toml"), this.kernel, file].join("\n");
  }

  /** Asserts that somebody knows of each reservation, so that it can end. */
  assertAllKnown(): void {
    const added = portsIn(this.#inFile(/^# added for .*: (.*)$/m));
    const known = [FOREIGN, ...this.#inStore(), ...added];
    const file = this.#inFile(/^net.*= *(.*)$/m);
    const vain = [...portsIn(this.kernel), ...portsIn(file)]
      .filter((port) => !known.includes(port));
    assertEquals(vain, [], "reserved for nobody");
  }

  /** Asserts that store, kernel and file agree, and nothing is left over. */
  assertAgree(): void {
    const all = together(FOREIGN, ...this.#inStore());
    assertEquals(this.kernel, all, "the kernel");
    const file = this.#inFile(/^net.*= *(.*)$/m);
    assertEquals(together(FOREIGN, file), all, "the file");
    const left = [
      ...this.names(),
      ...[...Deno.readDirSync(this.file("sysctl.d"))].map(({ name }) => name),
    ];
    assert(!left.some((name) => name.endsWith(".tmp")), `${left}`);
  }

  #inFile(line: RegExp): string {
    try {
      return line.exec(this.read(`sysctl.d/${FILE_NAME}`))?.[1] ?? "";
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  #inStore(): number[] {
    const { ports } = parse(this.read("ports.toml"));
    return Object.values(ports as Record<string, { port: number }>)
      .flatMap((entry) =>
        Object.hasOwn(Object(entry), "reserved") ? [entry.port] : []
      );
  }
}

interface Call {
  readonly what: string;
  readonly store: string;
  readonly args: readonly string[];
}

const CALLS: readonly Call[] = [
  { what: "reserves a new port", store: KEPT, args: ["--reserve", "fresh"] },
  { what: "reserves a known port", store: KEPT, args: ["--reserve", "web"] },
  { what: "reserves one more", store: RESERVED, args: ["--reserve", "fresh"] },
  { what: "gives a port back", store: RESERVED, args: ["--unbind", "web"] },
  {
    what: "gives one of two ports back",
    store: RESERVED.replace(
      "port = 25100,",
      'port = 25100, reserved = "kernel",',
    ).replace("count = 4", "count = 1"),
    args: ["--unbind", "web"],
  },
];

/** Where nothing fails: what a call comes to, and how many steps it takes. */
async function smooth(call: Call): Promise<{ steps: number; after: string }> {
  using site = new Site(call);
  let steps = 0;
  const { status, stderr } = await site.call(call.args, (_, run) => {
    steps++;
    return run();
  });
  assertEquals([status, stderr], [0, ""]);
  site.assertAgree();
  return { steps, after: site.state() };
}

/** The call dies: a dead process does nothing, but its locks are let go of. */
async function dieAt(call: Call, at: number): Promise<void> {
  using site = new Site(call);
  const died = await site.call(call.args, (step, run) => {
    if (step.at < at || step.operation === "file.close") return run();
    throw systemError("EIO");
  });
  site.assertAllKnown();
  const before = entriesOf(site.read("ports.toml"));
  assertEquals(before.get("example.com/apache"), 21553);
  if (died.stdout !== "") {
    assert([...before.values()].includes(Number(died.stdout)));
  }
  const { status, stderr } = await site.call(["--reserve", "next"]);
  assertEquals([status, stderr], [0, ""]);
  site.assertAgree();
  const after = entriesOf(site.read("ports.toml"));
  assert(after.delete("next"));
  assertEquals(after, before);
}

/** One operation of the call fails. */
async function failAt(call: Call, at: number, after: string): Promise<void> {
  using site = new Site(call);
  const before = site.state();
  const seen = new Map<string, number>();
  let failed = "";
  const { status, stdout, stderr } = await site.call(
    call.args,
    (step, run) => {
      // Whoever looks now is told what is there, without a lock.
      if (step.at <= at) {
        const entries = entriesOf(site.read("ports.toml"));
        for (const [name, port] of entries) seen.set(name, port);
      }
      if (step.at !== at) return run();
      failed = step.operation;
      // A file that cannot be closed is closed nevertheless: so says close(2).
      if (failed === "file.close") run();
      throw systemError("EIO");
    },
  );
  const text = site.read("ports.toml");
  const entries = entriesOf(text);
  if (call.args[0] === "--unbind") seen.delete("web");
  for (const [name, port] of seen) assertEquals(entries.get(name), port, name);
  site.assertAllKnown();
  if (entries.has("web")) assertEquals(commentsOf(text), commentsOf(KEPT));
  if (status === 0) return assertEquals(site.state(), after, failed);
  assertEquals([status, stdout], [1, ""], failed);
  assertMatch(stderr, /^port-for: cannot /);
  // After these nobody knows what is on the disk, or all is done already.
  if (!/^(?:syncFolder|file\.close|writeOut)/.test(failed)) {
    assertEquals(site.state(), before, failed);
  }
  await site.call(call.args);
  assertEquals(site.state(), after, `${failed}, and the call again`);
}

for (const call of CALLS) {
  Deno.test(`when a call that ${call.what} dies or fails, every reservation is known`, async () => {
    const failures = new Failures();
    const { steps, after } = await smooth(call);
    for (let at = 1; at <= steps + 1; at++) {
      await failures.try("it dies", () => dieAt(call, at));
      await failures.try("it fails", () => failAt(call, at, after));
    }
    survived({ faults: failures.end() });
  });
}

Deno.test("what was taken back once is not done again when more fails", async () => {
  const call = CALLS[3]!;
  using site = new Site(call);
  const before = site.state();
  const store = site.file("ports.toml");
  let attempts = 0;
  const { status } = await site.call(call.args, ({ operation, path }, run) => {
    // An editor saves the store, so that all has to be done over again.
    if (operation === "open" && path === `${store}.tmp` && ++attempts === 1) {
      Deno.writeTextFileSync(store, "# saved\n", { append: true });
    }
    if (operation === "rename" && path === store) throw systemError("EIO");
    return run();
  });
  assertEquals([status, attempts], [1, 2]);
  assertEquals(site.state().replace("# saved\n", ""), before);
});
