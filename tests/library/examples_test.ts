import { assertEquals } from "@std/assert";
import { PROJECT, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

Deno.test("every example in a documentation comment runs", async () => {
  // The examples leave their temporary folders behind, as examples do.
  using temp = new TempFolder();
  const { status, stdout, stderr } = await runTool([
    ...[Deno.execPath(), "test", "--quiet", "--doc", "--allow-all"],
    ...[`${PROJECT}/main.ts`, `${PROJECT}/lib/`],
  ], { env: { TMPDIR: temp.path, NO_COLOR: "1" } });

  assertEquals(status, 0, stdout + stderr);
});
