/**
 * The program on machines of a fleet whose cluster is out of reach.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Fleet, hasFleets } from "../support/fleet.ts";

Deno.test({
  name: "lookups go on while the cluster is gone, and all is well afterwards",
  ignore: !hasFleets,
  fn: async () => {
    await using fleet = await Fleet.of();
    const machine = await fleet.machine();
    const other = await fleet.machine();
    const ask = async (...args: string[]) => {
      const began = performance.now();
      const outcome = await fleet.portFor(machine, args);
      return { ...outcome, ms: performance.now() - began };
    };
    const { stdout: port, status, stderr } = await ask("web");
    assertEquals([status, stderr], [0, ""]);
    assertEquals((await fleet.portFor(other, ["web"])).stdout, port);
    const [one, two, three] = fleet.members;

    // No majority: the one that is left says what it knows.
    await one!.kill();
    await two!.kill();
    for (const args of [["web"], ["--get", "web"]]) {
      const alone = await ask(...args);
      assertEquals([alone.status, alone.stdout], [0, port], alone.stderr);
      assertStringIncludes(alone.stderr, "may be a moment old");
      assert(alone.ms < 1500, `${alone.ms} ms`);
    }
    // What is not known is not given, and the reason is said.
    const fresh = await ask("--wait", "1", "new");
    assertEquals([fresh.status, fresh.stdout], [1, ""]);
    assertStringIncludes(fresh.stderr, "majority");
    assertEquals((await ask("--get", "new")).status, 1);

    // Nobody answers, or not in time: this machine's copy does.
    three!.pause(true);
    for (const { pause } of [{ pause: true }, { pause: false }]) {
      if (!pause) await three!.kill();
      const copied = await ask("web");
      assertEquals([copied.status, copied.stdout], [0, port], copied.stderr);
      assertStringIncludes(copied.stderr, "this is its answer of 2");
      assertEquals(copied.stderr.trimEnd().split("\n").length, 1);
      assert(copied.ms < 1500, `${copied.ms} ms`);
    }
    // A machine that never asked has no copy of it.
    const never = await fleet.machine();
    const nothing = await fleet.portFor(never, ["--wait=1", "web"]);
    assertEquals([nothing.status, nothing.stdout], [1, ""]);

    await Promise.all(fleet.members.map((member) => member.start()));
    const again = await ask("web", "new");
    assertEquals([again.status, again.stderr], [0, ""]);
    assertStringIncludes(again.stdout, port);
    // The copy of another cluster, or of an older answer, counts for nothing.
    await fleet.portFor(other, ["--unbind", "web"]);
    await fleet.portFor(other, ["--port", "20777", "web"]);
    assertEquals((await ask("web")).stdout, "20777\n");
  },
});
