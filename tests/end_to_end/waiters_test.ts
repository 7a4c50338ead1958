import { assert, assertEquals } from "@std/assert";
import { bunProgram, denoProgram } from "../support/bun_program.ts";
import { Child } from "../support/child.ts";
import { canMount } from "../support/fault_form.ts";
import { Mounts } from "../support/mounts.ts";
import { isBunBinary } from "../support/engine.ts";
import { HeldStore } from "../support/held_store.ts";
import { PROGRAM, PROJECT, runTool, works } from "../support/program.ts";
import { Running } from "../support/running.ts";
import { assertRefused, Store } from "../support/store.ts";

const ignore = Deno.build.os !== "linux" || !works("flock", "--version");

/** Has everybody ask for a name of their own at once, with default options. */
async function crowd(
  programs: readonly (readonly string[])[],
  size: number,
): Promise<void> {
  using store = new Store();
  const names = Array.from({ length: size }, (_, at) => `worker${at}`);
  const printed = await Promise.all(
    names.map((name, at) =>
      store.printWith({ program: programs[at % programs.length]! }, name)
    ),
  );

  assertEquals(new Set(printed).size, size);
  const kept = JSON.parse(await store.print("--json", "--list"));
  assertEquals(
    kept,
    Object.fromEntries(names.map((name, at) => [name, Number(printed[at])])),
  );
}

const SIZE = isBunBinary ? 300 : 60;

Deno.test({
  name: `${SIZE} at once get through, none gives up`,
  ignore,
  fn: () => crowd([PROGRAM], SIZE),
});

Deno.test({
  name: "60 of both engines at once get through, none gives up",
  ignore: ignore || !isBunBinary,
  fn: () => crowd([PROGRAM, denoProgram(`${PROJECT}/main.ts`)], 60),
});

Deno.test({
  name:
    "while the holder is stopped, all who wait end in time, and say who it is",
  ignore,
  fn: async () => {
    const text = "[ports]\nweb = 24017\n";
    await using store = await HeldStore.of(text);
    Deno.kill(store.holderPid!, "SIGSTOP");
    // Where many start at once, starting takes a while on Deno.
    const longest = isBunBinary ? 4000 : 6000;
    await Promise.all(Array.from({ length: 30 }, async (_, at) => {
      const start = performance.now();
      const outcome = await store.call("--wait=3", `late${at}`);
      const took = performance.now() - start;
      assertRefused(outcome, 1, `(pid ${store.holderPid})`, "for 3 s");
      assert(3000 <= took && took < longest, `it took ${took} ms`);
    }));
    assertEquals(store.text, text);

    await store.release();
    await store.print("late0");
  },
});

Deno.test({
  name: "who has the lock is told from who has one of another disk",
  ignore: ignore || !canMount,
  fn: async () => {
    // Files that are made alike have the same numbers on either.
    const names = ["one", "two"];
    await using mounts = await Mounts.of(
      names.map((name) => {
        const place = `$folder/${name}`;
        return `mkdir ${place}; mount -t tmpfs none ${place}; ` +
          `(umask 077; : >${place}/ports.toml.lock)`;
      }).join("\n"),
    );
    const lockOf = (name: string) => mounts.file(`${name}/ports.toml.lock`);
    const hold = (name: string) =>
      Child.start([
        ...mounts.prefix,
        ...["flock", "--no-fork", lockOf(name), "sh", "-c", "echo; exec cat"],
      ]);
    await using one = await hold("one");
    await using two = await hold("two");
    using store = new Store();
    for (const [name, { pid }] of [["one", one], ["two", two]] as const) {
      const args = [`--store=${mounts.file(name)}/ports.toml`, "--wait=0", "x"];
      const outcome = await store.callWith({ prefix: mounts.prefix }, ...args);
      assertRefused(outcome, 1, `(pid ${pid}) has its lock`);
    }
  },
});

Deno.test({
  name: "who waits goes on waiting while the lock goes from hand to hand",
  ignore,
  fn: async () => {
    await using store = await HeldStore.of("[ports]\n");
    // Those before it have the lock for three times as long as it would wait.
    const script = 'touch "$0"; sleep 0.4; echo had it';
    const before = [];
    for (let at = 1; at <= 6; at++) {
      const words = ["flock", store.lock, "sh", "-c", script, store.lock];
      before.push(runTool(words));
      await store.hasWaiters(at);
    }
    const printed = store.print("--wait=0.8", "db");
    await store.hasWaiters(7);
    await store.release();
    const [port] = (await printed).split("\n");

    assertEquals(store.text, `[ports]\ndb = ${port}\n`);
    for (const { stdout } of await Promise.all(before)) {
      assertEquals(stdout, "had it\n");
    }
  },
});

Deno.test({
  name: "a signal ends who waits at once",
  ignore,
  fn: async () => {
    await using store = await HeldStore.of("[ports]\n");
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      await using waiter = new Running(["--wait=600", "db"], {
        env: { PORT_FOR_STORE: store.storePath },
      });
      await store.hasWaiters(1);
      const start = performance.now();
      waiter.signal(signal);
      assertEquals((await waiter.ending()).signal, signal);
      const took = performance.now() - start;
      assert(took < 1000, `it took ${took} ms`);
    }
    await store.release();
    assertEquals(store.text, "[ports]\n");
    await store.print("--wait=0", "db");
  },
});

for (const engine of ["Deno", "Bun"] as const) {
  Deno.test({
    name:
      `on ${engine} a PortStore waits beside its program, and gives up for good`,
    // The engines are the same, whichever binary is tested.
    ignore: ignore || isBunBinary,
    fn: async () => {
      await using store = await HeldStore.of("[ports]\n");
      const module = `${PROJECT}/tests/support/waiting_store.ts`;
      const program = engine === "Deno"
        ? denoProgram(module)
        : await bunProgram(module, store);
      const start = (wait: string) =>
        new Running([store.storePath, wait], { program });

      await using hasty = start("0.5");
      const { answer, turns } = JSON.parse(await hasty.line());
      assertEquals(answer, "STORE_BUSY");
      assert(turns > 10, `only ${turns} turns in half a second`);
      await using patient = start("60");
      await store.hasWaiters(1);
      await store.release();
      const { answer: port } = JSON.parse(await patient.line());
      assertEquals(store.text, `[ports]\ndb = ${port}\n`);
      // Both still run, and neither has the lock.
      for (let look = 0; look < 20; look++) {
        await store.print("--wait=0", `new${look}`);
      }
      for (const running of [hasty, patient]) {
        await running.write("still there?");
        assertEquals(await running.line(), "alive");
      }
    },
  });
}
