import { SETTINGS, stepCases } from "./engine.ts";

for (const setting of SETTINGS) {
  Deno.test(
    `on Bun the runtime holds what it promises, setting: ${setting}`,
    (t) => stepCases(t, "Bun", setting),
  );
}
