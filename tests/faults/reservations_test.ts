import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "smol-toml";
import { RESERVED_PORTS_FILE } from "../../lib/machine/reserved.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { Failures, survived } from "../support/fault_form.ts";
import { hastyMachine, type Interfere } from "../support/interposed.ts";
import {
  callOn,
  commentsOf,
  entriesOf,
  KEPT,
  type Result,
} from "../support/scenarios.ts";
import { TempFolder } from "../support/temp.ts";

/** What somebody else has reserved. */
const FOREIGN = "5000";

const RESERVED = KEPT.replace(
  "web = 24017",
  'web = { port = 24017, reserved = "kernel" }',
);

/** A machine whose kernel may be told what no other one should hear. */
class Site extends TempFolder {
  /** What the kernel keeps out of its ephemeral range. */
  kernel: string = FOREIGN;

  constructor(store: string) {
    super();
    this.write("ports.toml", store);
    Deno.mkdirSync(this.file("sysctl.d"));
    if (store !== RESERVED) return;
    this.kernel = `${FOREIGN},24017`;
    this.write(
      "sysctl.d/99-zz-port-for.conf",
      "net.ipv4.ip_local_reserved_ports = 24017\n",
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
        const before = from === 0 ? [] : this.kernel.split(",");
        const ports = [...before, ...list.split(",")].filter((port) => port);
        this.kernel = [...new Set(ports)].join(",");
      },
      close() {},
    } as ReturnType<Runtime["open"]>;
  }

  /** Ports that the kernel keeps, but for those of others. */
  inKernel(): number[] {
    return this.kernel.split(",").map(Number).filter((port) =>
      port !== 0 && port !== Number(FOREIGN)
    );
  }

  /** Ports that it will keep after the next boot, but for those of others. */
  inFile(): number[] {
    return this.#inFile(/^net.*= *(.*)$/m);
  }

  /** Ports that the store, or the file on its behalf, says port-for reserved. */
  noted(): number[] {
    return [...this.inStore(), ...this.#inFile(/^# added for .*: (.*)$/m)];
  }

  #inFile(line: RegExp): number[] {
    const own = [...Deno.readDirSync(this.file("sysctl.d"))]
      .some(({ name }) => name === "99-zz-port-for.conf");
    if (!own) return [];
    const text = this.read("sysctl.d/99-zz-port-for.conf");
    const [, ports = ""] = line.exec(text) ?? [];
    return ports.split(",").filter((port) => port !== "" && port !== FOREIGN)
      .map(Number);
  }

  /** Ports that the store says are reserved. */
  inStore(): number[] {
    const { ports } = parse(this.read("ports.toml"));
    return Object.values(ports as Record<string, unknown>)
      .flatMap((entry) => {
        const { port, reserved } = entry as {
          port?: number;
          reserved?: string;
        };
        return reserved === undefined || port === undefined ? [] : [port];
      });
  }
}

const CALLS: readonly {
  readonly what: string;
  readonly store: string;
  readonly args: readonly string[];
}[] = [
  { what: "reserves a new port", store: KEPT, args: ["--reserve", "fresh"] },
  { what: "reserves a known port", store: KEPT, args: ["--reserve", "web"] },
  { what: "gives a port back", store: RESERVED, args: ["--unbind", "web"] },
];

function systemError(): Error {
  return Object.assign(new Error("EIO: made up"), { code: "EIO" });
}

/** How many steps a call takes where nothing goes wrong. */
async function stepsOf({ store, args }: typeof CALLS[number]): Promise<number> {
  using site = new Site(store);
  let steps = 0;
  const { status, stderr } = await site.call(args, (_, run) => {
    steps++;
    return run();
  });
  assertEquals([status, stderr], [0, ""]);
  return steps;
}

for (const call of CALLS) {
  Deno.test(`whenever a call that ${call.what} dies, every reservation is known`, async () => {
    const failures = new Failures();
    const steps = await stepsOf(call);
    for (let at = 1; at <= steps + 1; at++) {
      await failures.try("it dies", async () => {
        using site = new Site(call.store);
        // A dead process does nothing any more; its locks are let go of.
        const died = await site.call(call.args, (step, run) => {
          if (step.at < at || step.operation === "file.close") return run();
          throw systemError();
        });

        const noted = site.noted();
        for (const port of [...site.inKernel(), ...site.inFile()]) {
          assert(
            noted.includes(port),
            `step ${at}: ${port} is reserved in vain`,
          );
        }
        const before = entriesOf(site.read("ports.toml"));
        assertEquals(
          before.get("example.com/apache"),
          entriesOf(KEPT).get("example.com/apache"),
        );
        if (died.stdout !== "") {
          assert([...before.values()].includes(Number(died.stdout)));
        }

        const { status, stderr } = await site.call(["--reserve", "next"]);
        assertEquals([status, stderr], [0, ""]);
        assertEquals(site.inKernel().sort(), site.inStore().sort());
        assertEquals(site.inFile().sort(), site.inStore().sort());
        const after = entriesOf(site.read("ports.toml"));
        assert(after.delete("next"));
        assertEquals(after, before);
        const left = [...site.names(), ...folderOf(site)];
        assert(!left.some((name) => name.endsWith(".tmp")), `${left}`);
      });
    }
    survived({ faults: failures.end() });
  });

  Deno.test(
    `where an operation fails in a call that ${call.what}, what was told stays true`,
    async () => {
      const failures = new Failures();
      const steps = await stepsOf(call);
      for (let at = 1; at <= steps; at++) {
        await failures.try("it fails", async () => {
          using site = new Site(call.store);
          const seen = new Map<string, number>();
          let failed = "";
          const { status, stdout, stderr } = await site.call(
            call.args,
            (step, run) => {
              // Whoever looks now is told what is there, without a lock.
              for (const [name, port] of entriesOf(site.read("ports.toml"))) {
                if (step.at > at) continue;
                seen.set(name, port);
              }
              if (step.at !== at) return run();
              failed = step.operation;
              if (step.operation === "file.close") run();
              throw systemError();
            },
          );

          const text = site.read("ports.toml");
          const entries = entriesOf(text);
          if (call.args[0] === "--unbind") seen.delete("web");
          for (const [name, port] of seen) {
            assertEquals(
              entries.get(name),
              port,
              `${name} was seen with ${port}`,
            );
          }
          const noted = site.noted();
          for (const port of [...site.inKernel(), ...site.inFile()]) {
            assert(
              noted.includes(port),
              `step ${at}: ${port} is reserved in vain`,
            );
          }
          if (entries.has("web")) {
            assertEquals(commentsOf(text), commentsOf(KEPT));
          }
          if (status === 0) return;
          assertEquals([status, stdout], [1, ""], failed);
          assertStringIncludes(stderr, "port-for: cannot ");
        });
      }
      survived({ faults: failures.end() });
    },
  );
}

function folderOf(site: Site): string[] {
  return [...Deno.readDirSync(site.file("sysctl.d"))].map(({ name }) => name);
}
