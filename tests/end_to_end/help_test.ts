import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { optionHead } from "../../lib/cli/commands/help.ts";
import { OPTIONS } from "../../lib/cli/options.ts";
import { PROJECT } from "../support/program.ts";
import { Store } from "../support/store.ts";

Deno.test("--version is that of deno.json, and needs no store", async () => {
  using store = new Store("no TOML");
  const { version } = JSON.parse(
    Deno.readTextFileSync(`${PROJECT}/deno.json`),
  );

  for (const args of [["--version"], ["-v"], ["web", "--version"]]) {
    assertEquals(await store.print(...args), `port-for ${version}\n`);
  }
});

Deno.test("--help begins with examples, lists every option, and needs no store", async () => {
  using store = new Store("no TOML");
  const help = await store.print("--help");

  const example = help.indexOf("  port-for web ");
  assert(0 < example && example < help.indexOf("Usage:"));
  assert(help.split("\n").every((line) => line.length <= 80));
  for (const option of OPTIONS) {
    assertStringIncludes(help, `\n  ${optionHead(option)}`);
  }
  assertEquals(await store.print("web", "--help"), help);
  assertEquals(store.names(), ["ports.toml"]);
});

Deno.test("-h is one screen of what people use most, and leads to the rest", async () => {
  using store = new Store();
  const help = await store.print("-h");
  assert(help.split("\n").length <= 40, help);
  assertStringIncludes(help, "port-for --help");
  assertStringIncludes(help, "--unbind NAME");
  assertEquals(await store.print("-lh"), help);
});

Deno.test("without arguments, the usage is on standard error", async () => {
  using store = new Store();
  const { status, stdout, stderr } = await store.call();

  assertEquals([status, stdout], [2, ""]);
  assertStringIncludes(stderr, "Usage: port-for ");
  assertStringIncludes(stderr, "port-for --help");
});
