/**
 * Twenty machines and a cluster of three members, in namespaces of their own,
 * while members, ways and answers fail.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Fleet, hasFleets } from "../support/fleet.ts";
import {
  assertSound,
  during,
  killed,
  leaderCutOff,
  leaderKilled,
  lossyStore,
  paused,
  work,
} from "../support/torture.ts";

/** How many calls are made: more with `deno task test:fleet`. */
const CALLS = Number(Deno.env.get("PORT_FOR_FLEET_CALLS") ?? "500");

Deno.test({
  name: "twenty machines that ask at once agree, while members are killed",
  ignore: !hasFleets,
  fn: async () => {
    await using fleet = await Fleet.of();
    const hosts = await Promise.all(
      Array.from({ length: 20 }, () => fleet.machine()),
    );
    const half = Math.min(CALLS / 50, 25);
    const common = Array.from({ length: half }, (_, at) => `common${at}`);
    const works = hosts.map((_, host) => {
      const own = Array.from({ length: half }, (_, at) => `own${host}-${at}`);
      const names = common.flatMap((name, at) => [name, own[at]!]);
      const { store } = fleet;
      return { store, names, calls: names.length, wait: 20, onlyGive: true };
    });
    const calls = await during(fleet, [killed], work(fleet, hosts, works));
    assertEquals(calls.length, 40 * half);
    assertEquals(calls.flatMap(({ failure = [] }) => failure), []);
    const ports = new Map<string, number>();
    for (const { name, result } of calls) {
      assertEquals(result, ports.get(name) ?? result, name);
      ports.set(name, result as number);
    }
    assertEquals(ports.size, 21 * half);
    assertEquals(new Set(ports.values()).size, ports.size);
    await assertSound(fleet, calls);
  },
});

Deno.test({
  name: "every history is sound, whatever fails meanwhile",
  ignore: !hasFleets,
  fn: async () => {
    await using fleet = await Fleet.of();
    const hosts = await Promise.all(
      Array.from({ length: 10 }, () => fleet.machine()),
    );
    const lossy = await lossyStore(fleet);
    const names = [
      ...Array.from({ length: 8 }, (_, at) => `name${at}`),
      ...["lease1", "lease2", "block1", "block2", "pair1", "pair2"],
    ];
    const works = hosts.map((_, at) => ({
      store: at % 2 === 0 ? lossy : fleet.store,
      ...{ names, calls: CALLS / hosts.length, wait: 10 },
    }));
    const faults = [paused, leaderCutOff, killed, paused, leaderKilled];
    const calls = await during(fleet, faults, work(fleet, hosts, works));
    const good = calls.filter(({ failure }) => failure === undefined);
    assert(
      good.length > calls.length * 0.8,
      `${good.length} of ${calls.length}`,
    );
    await assertSound(fleet, calls);
  },
});
