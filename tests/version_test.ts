import { assertEquals } from "@std/assert";
import { VERSION } from "../lib/version.ts";
import { PROJECT } from "./support/program.ts";

Deno.test("the version is that of deno.json", () => {
  const { version } = JSON.parse(
    Deno.readTextFileSync(`${PROJECT}/deno.json`),
  );

  assertEquals(VERSION, version);
});
