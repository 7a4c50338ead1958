import { assert, assertEquals } from "@std/assert";
import {
  canMount,
  Failures,
  has,
  inForm,
  isLong,
  survived,
} from "../support/fault_form.ts";
import { Mounts } from "../support/mounts.ts";
import { Process, selfEnding } from "../support/process.ts";
import { changes, type Step } from "../support/interposed.ts";
import { courseOf, entriesOf, KEPT, SCENARIOS } from "../support/scenarios.ts";
import { portFor, runTool, works } from "../support/program.ts";

/**
 * A disk of its own, on which nothing is written but what is flushed: the
 * kernel may take a minute for the rest, and has no mercy on a rename whose
 * data is not flushed.
 */
const OPTIONS = "loop,commit=60,noauto_da_alloc";

const hasDisks = canMount && has(() =>
  works("mkfs.ext4", "-V") &&
  works("losetup", "--find")
);

/** A disk on which a store is, and what a power failure would leave of it. */
class Disk implements AsyncDisposable {
  private constructor(readonly mounts: Mounts) {}

  static async create(): Promise<Disk> {
    const mounts = await Mounts.of(`
      mkdir $folder/disk $folder/after
      truncate -s 8M $folder/disk.img
      mkfs.ext4 -q $folder/disk.img
      mount -o ${OPTIONS} $folder/disk.img $folder/disk
    `);
    return new Disk(mounts);
  }

  /** The store, for programs that run where the disk is. */
  get store(): string {
    return this.mounts.file("disk/ports.toml");
  }

  /** Puts a store there, alone, and waits until it is on the disk. */
  async write(text: string): Promise<void> {
    await this.#run("rm", "-f", `${this.store}.tmp`, `${this.store}.lock`);
    Deno.writeTextFileSync(this.mounts.seen("disk/ports.toml"), text);
    await this.#run("sync", "-f", this.store);
  }

  /** What is in the store once the machine is up again. */
  async afterFailure(): Promise<string | undefined> {
    const after = this.mounts.file("after");
    const copy = this.mounts.file("after.img");
    // What the disk has now, and nothing of what the kernel only remembers.
    await this.#run("cp", this.mounts.file("disk.img"), copy);
    await this.#run("mount", "-o", "loop", copy, after);
    try {
      return Deno.readTextFileSync(this.mounts.seen("after/ports.toml"));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    } finally {
      await this.#run("umount", after);
    }
  }

  async #run(...words: string[]): Promise<void> {
    const outcome = await runTool([...this.mounts.prefix, ...words]);
    assertEquals(outcome.status, 0, outcome.stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.mounts[Symbol.asyncDispose]();
  }
}

Deno.test({
  name:
    "what is not flushed does not survive a power failure, or these tests would show nothing",
  ignore: !hasDisks,
  fn: async () => {
    await using disk = await Disk.create();
    const careless = disk.mounts.seen("disk/careless");
    let left: string | undefined;
    // Meanwhile, any other program may flush all disks, with sync(2).
    for (let tries = 0; tries < 100 && left !== KEPT; tries++) {
      await disk.write(KEPT);
      Deno.writeTextFileSync(careless, "[ports]\nweb = 24018\n");
      Deno.renameSync(careless, disk.mounts.seen("disk/ports.toml"));
      left = await disk.afterFailure();
    }

    assertEquals(left, KEPT);
  },
});

Deno.test({
  name: "an association that was printed survives a power failure",
  ignore: !hasDisks,
  fn: async () => {
    await using disk = await Disk.create();
    const call = (...args: string[]) =>
      portFor([`--store=${disk.store}`, ...args], {
        prefix: disk.mounts.prefix,
      });
    const printed = new Map<string, number>();
    const rounds = inForm(2, 10);
    for (let at = 0; at < rounds; at++) {
      const { status, stdout } = await call(`name${at}`);
      assertEquals(status, 0);
      printed.set(`name${at}`, Number(stdout));
      assertEquals(entriesOf((await disk.afterFailure())!), printed);
    }
    assertEquals((await call("--unbind=name0")).status, 0);
    printed.delete("name0");
    assertEquals(entriesOf((await disk.afterFailure())!), printed);
    survived({ faults: rounds + 1, processes: rounds + 1 });
  },
});

/** Turns the power off before one step of a call. */
async function failBefore(disk: Disk, step: Step): Promise<void> {
  const scenario = SCENARIOS[1]!;
  const { after, stdout } = await courseOf(scenario);
  await disk.write(scenario.before!);
  await using process = new Process([
    `--store=${disk.store}`,
    ...scenario.args,
  ], {
    program: [
      ...disk.mounts.prefix,
      ...selfEnding("SIGSTOP", "before", step.at),
    ],
  });
  await process.stopped();
  const left = await disk.afterFailure();
  process.kill("SIGKILL");
  const printed = (await process.end()).stdout === stdout;

  const when = `before step ${step.at}, ${step.operation} ${step.path}`;
  assert(left === after || (left === scenario.before && !printed), when);
}

Deno.test({
  name: "the store is the old or the new one whenever the power fails",
  ignore: !hasDisks,
  fn: async () => {
    await using disk = await Disk.create();
    const { steps } = await courseOf(SCENARIOS[1]!);
    const failures = new Failures();
    // Where nothing changes, the disk does not either.
    for (const step of steps.filter((step) => isLong || changes(step))) {
      await failures.try(
        `the power fails at ${step.operation}`,
        () => failBefore(disk, step),
      );
    }
    const faults = failures.end();
    survived({ faults, kills: faults, processes: faults });
  },
});
