import { assert, assertEquals } from "@std/assert";
import { inNamespace, projectFile } from "../support/namespace.ts";
import type { Findings } from "../support/failing_reservations.ts";
import { canReserve } from "../support/machine.ts";

const ignore = !canReserve;

/** Runs a function of `failing_reservations.ts` where it changes nobody's kernel. */
async function findingsOf(
  name: "failEverywhere" | "failTwice",
): Promise<Findings> {
  const module = projectFile("tests/support/failing_reservations.ts");
  return await inNamespace(
    "true",
    `import { ${name} } from ${module};
     console.log(JSON.stringify(await ${name}()));`,
  ) as Findings;
}

Deno.test({
  name: "whichever operation fails, all of it is done or nothing",
  ignore,
  fn: async () => {
    const { tried, findings } = await findingsOf("failEverywhere");
    assertEquals(findings, []);
    assert(tried > 150, `${tried}`);
  },
});

Deno.test({
  name: "what was taken back once is not done again when more fails",
  ignore,
  fn: async () => {
    const { tried, findings } = await findingsOf("failTwice");
    assertEquals(findings, []);
    assertEquals(tried, 2);
  },
});
