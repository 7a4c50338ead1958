import { assert, assertEquals } from "@std/assert";
import { inForm, SEED, SEED_HINT, survived } from "../support/fault_form.ts";
import type { Message, Share } from "../support/mutation_worker.ts";
import { checkText, type Kind, mutation, VALID } from "../support/mutations.ts";

const MUTATIONS = Number(
  Deno.env.get("PORT_FOR_FAULTS_MUTATIONS") || inForm(4000, 1_000_000),
);

/** A worker that says nothing for so long hangs, however busy the machine is. */
const PATIENCE_MS = 60_000;

/** Lets a worker do its share. */
function gnaw(share: Share): Promise<Readonly<Record<Kind, number>>> {
  const worker = new Worker(
    import.meta.resolve("../support/mutation_worker.ts"),
    { type: "module" },
  );
  let at = share.from;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return new Promise<Readonly<Record<Kind, number>>>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${why} (${SEED_HINT})`));
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => fail(`a mutation soon after ${at} makes it hang`),
        PATIENCE_MS,
      );
    };
    wait();
    worker.onmessage = ({ data }: MessageEvent<Message>) => {
      wait();
      if ("done" in data) resolve(data.done);
      else if ("at" in data) at = data.at;
      else fail(`mutation ${data.failed}, ${data.text}: ${data.why}`);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      fail(event.message);
    };
    worker.postMessage(share);
  }).finally(() => {
    clearTimeout(timer);
    worker.terminate();
  });
}

Deno.test("stores that nothing has gnawed at are sound", () => {
  for (const text of VALID) assertEquals(checkText(text), "sound");
});

Deno.test("a mutation is the same for the same seed and number", () => {
  assertEquals(mutation(SEED, 7), mutation(SEED, 7));
  assert(mutation(SEED, 7).join() !== mutation(SEED, 8).join());
});

Deno.test(`${MUTATIONS.toLocaleString("en")} mutated stores crash nothing, and are changed only where they are sound`, async () => {
  const share = { seed: SEED, to: MUTATIONS, step: 2, whole: inForm(40, 100) };
  const shares = await Promise.allSettled([
    gnaw({ ...share, from: 1 }),
    gnaw({ ...share, from: 2 }),
  ]);
  const kinds = { "no TOML": 0, unsound: 0, sound: 0 };
  for (const result of shares) {
    if (result.status === "rejected") throw result.reason;
    for (const [kind, count] of Object.entries(result.value)) {
      kinds[kind as Kind] += count;
    }
  }
  // Neither so many teeth that nothing is left, nor so few that all is.
  for (const [kind, count] of Object.entries(kinds)) {
    assert(count > MUTATIONS / 200, `${count} are ${kind}`);
  }
  survived({ mutations: MUTATIONS });
});
