/**
 * Every code block of README and `docs/` is run or read by a test, or says why
 * not, where a reader sees it.
 *
 * @module
 */
import { assert, assertEquals, assertFalse } from "@std/assert";
import { type Block, page, pages, whyNotTested } from "../support/documents.ts";
import { portFor, PROJECT, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Blocks that this file's tests or `console_test.ts` look at. */
const TESTED = ["console", "ts", "toml"];

const inPages = pages()
  .filter(({ path }) => path === "README.md" || /^docs\/[^/]+$/.test(path))
  .flatMap(({ path, blocks }) => blocks.map((block) => ({ path, block })));

Deno.test("every block is tested, or says why not", () => {
  const untested = inPages.filter(({ block }) =>
    !TESTED.includes(block.language) && whyNotTested(block) === undefined
  );
  assertEquals(untested.map(({ path, block }) => `${path}:${block.line}`), []);
});

Deno.test("every page of recipes has a test", () => {
  const folder = `${PROJECT}/tests/recipes`;
  const tests = [...Deno.readDirSync(folder)].map(({ name }) =>
    Deno.readTextFileSync(`${folder}/${name}`)
  );
  const untested = pages().map(({ path }) => path).filter((path) => {
    const [, name] = /^docs\/recipes\/([\w-]+)\.md$/.exec(path) ?? [];
    return name !== undefined && name !== "README" &&
      !tests.some((test) => test.includes(`"${name}"`));
  });
  assertEquals(untested, []);
});

Deno.test("every block in TypeScript is sound, and runs", async () => {
  using temp = new TempFolder();
  const main = JSON.stringify(`file://${PROJECT}/main.ts`);
  const files = blocksIn("ts").map((block, at) => {
    const code = block.code.replaceAll(/"(?:jsr:)?@x\/port-for"/g, main);
    return temp.write(`block${at}.ts`, `export {};\n${code}`);
  });
  assert(files.length > 0);
  const config = ["--quiet", `--config=${PROJECT}/deno.json`];
  const checked = await runTool([
    Deno.execPath(),
    "check",
    ...config,
    ...files,
  ]);
  assertEquals(checked.status, 0, checked.stderr);
  for (const file of files) {
    const run = [Deno.execPath(), "run", "--no-check", "--allow-all", file];
    const { status, stderr } = await runTool(
      run.toSpliced(2, 0, ...config),
      { cwd: temp.path },
    );
    assertEquals(status, 0, stderr);
  }
});

Deno.test("every block in TOML is a store or a manifest without a fault", async () => {
  using temp = new TempFolder();
  Deno.mkdirSync(temp.file("checkout"));
  const blocks = blocksIn("toml");
  assert(blocks.length > 0);
  for (const { code, line } of blocks) {
    const isManifest = code.includes("[names]");
    const path = isManifest ? "checkout/.port-for.toml" : "store.toml";
    const file = temp.write(path, code);
    const { status, stderr } = isManifest
      ? await portFor(
        ["--store", temp.file("user.toml"), "--here", "--env"],
        { cwd: temp.file("checkout") },
      )
      : await portFor(["--store", file, "--list"]);
    assertEquals(status, 0, `line ${line}: ${stderr}`);
    assertFalse(/warning/.test(stderr), `line ${line}: ${stderr}`);
    Deno.removeSync(file);
  }
});

Deno.test("README is read in a few minutes", () => {
  const words = page("README.md").text.split(/\s+/).filter(Boolean).length;
  assert(words <= 900, `it has ${words} words`);
});

function blocksIn(language: string): Block[] {
  return inPages.map(({ block }) => block).filter((block) =>
    block.language === language && whyNotTested(block) === undefined
  );
}
