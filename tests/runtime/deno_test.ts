import { denoRuntime } from "../../lib/runtime/deno.ts";
import { casesIn, runCase } from "./cases.ts";
import { SETTINGS, stepCases } from "./engine.ts";

const [here, ...others] = SETTINGS;
for (const each of casesIn(here!)) {
  Deno.test(`on Deno ${each.name}`, () => runCase(each, denoRuntime));
}

for (const setting of others) {
  Deno.test(
    `on Deno the runtime holds what it promises, setting: ${setting}`,
    (t) => stepCases(t, "Deno", setting),
  );
}
