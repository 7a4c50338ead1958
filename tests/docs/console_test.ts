/**
 * What README and `docs/` show in a terminal is what the program prints. Each
 * page is typed from top to bottom on a machine of its own. With
 * `PORT_FOR_DOCS=write`, as in `deno task docs`, what is printed is put into the
 * page instead.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  type Block,
  type Page,
  pages,
  whyNotTested,
} from "../support/documents.ts";
import { PROJECT } from "../support/program.ts";
import { hasReaders, typeCommands } from "../support/reader.ts";
import { hasTool } from "../support/tools.ts";
import { blockOf, isSaid, type Typed, typedIn } from "../support/transcript.ts";

const WRITE = Deno.env.get("PORT_FOR_DOCS") === "write";

for (const page of pages()) {
  // Their blocks are run by tests/recipes/.
  if (page.path.startsWith("docs/recipes/")) continue;
  const blocks = page.blocks.filter((block) =>
    (block.language === "console" || block.file !== undefined) &&
    whyNotTested(block) === undefined
  );
  if (!blocks.some(({ language }) => language === "console")) continue;
  Deno.test({
    name: `${page.path} shows what is printed`,
    ignore: !hasReaders ||
      !needed(page).every((tool) => hasTool(tool, "--version")),
    fn: async () => {
      const shown = await typeAll(blocks);
      if (WRITE) return write(page, shown);
      for (const { block, typed } of shown) {
        assertEquals(
          likeSaid(block, typed),
          block.code,
          `${page.path}, line ${block.line} (deno task docs rewrites it)`,
        );
      }
    },
  });
}

/** The tools that a page's comment says it needs. */
function needed({ text }: Page): string[] {
  return /^<!-- needs: (.+) -->/.exec(text)?.[1]?.split(" ") ?? [];
}

/** A block of commands, and what they print. */
interface Shown {
  readonly block: Block;
  readonly typed: readonly Typed[];
}

/** Types the blocks of a page, one after the other, into one shell. */
async function typeAll(blocks: readonly Block[]): Promise<Shown[]> {
  const commands = blocks.flatMap((block) => [
    block.before ?? ":",
    ...commandsOf(block),
  ]);
  const outputs = (await typeCommands(commands)).values();
  const next = () => outputs.next().value!;
  return blocks.flatMap((block) => {
    next();
    const typed = commandsOf(block).map((command) => ({
      command,
      output: next(),
    }));
    return block.file === undefined ? [{ block, typed }] : [];
  });
}

function commandsOf({ code, file }: Block): string[] {
  if (file === undefined) return typedIn(code).map(({ command }) => command);
  const write = file.startsWith("/") ? `sudo tee ${file}` : `cat > ~/${file}`;
  return [`${write} << 'end of file'\n${code}end of file`];
}

/** What was printed, but as the page has it where that is as good. */
function likeSaid({ code }: Block, printed: readonly Typed[]): string {
  const said = typedIn(code);
  return blockOf(
    printed.map((typed, at) =>
      isSaid(said[at]!.output, typed.output) ? said[at]! : typed
    ),
  );
}

function write({ path, text }: Page, shown: readonly Shown[]): void {
  const written = shown.reduce((text, { block, typed }) =>
    text.replace(
      `\`\`\`console\n${block.code}\`\`\``,
      () => `\`\`\`console\n${likeSaid(block, typed)}\`\`\``,
    ), text);
  Deno.writeTextFileSync(`${PROJECT}/${path}`, written);
}
