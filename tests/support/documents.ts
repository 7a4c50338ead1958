/**
 * What README and `docs/` say: their code blocks, headings and links.
 *
 * @module
 */
import { PROJECT } from "./program.ts";

/** A fenced block of code. */
export interface Block {
  /** The language behind the fence. */
  readonly language: string;
  /** What is between the fences. */
  readonly code: string;
  /** The line of its first fence, from 1. */
  readonly line: number;
  /** Commands in a comment right above it that a reader does not see. */
  readonly before?: string | undefined;
  /** The file that it is, named in a comment right above it. */
  readonly file?: string | undefined;
}

/** A page: a file of Markdown. */
export interface Page {
  /** Its path from the project's folder. */
  readonly path: string;
  /** Its text. */
  readonly text: string;
  /** Its code blocks, from top to bottom. */
  readonly blocks: readonly Block[];
}

const FENCE = /^(`{3,})(\w*)\n(.*?)^\1$/gms;

/** Comments that end right above a block, and what is in one. */
const COMMENTS = /(?:<!--(?:(?!-->).)*-->\s*)+$/s;
const COMMENT = /<!-- (before|file):\s*((?:(?!-->).)*?)\s*-->/gs;

/** All pages that people read. */
export function pages(): readonly Page[] {
  return [...markdownFiles()].sort().map(page);
}

/** The page in a file. */
export function page(path: string): Page {
  const text = Deno.readTextFileSync(`${PROJECT}/${path}`);
  const blocks = [...text.matchAll(FENCE)].map((found) => {
    const above = text.slice(0, found.index);
    const comments = [...(COMMENTS.exec(above)?.[0] ?? "").matchAll(COMMENT)];
    const comment = (kind: string) =>
      comments.find(([, found]) => found === kind)?.[2];
    return {
      language: found[2]!,
      code: found[3]!,
      line: above.split("\n").length,
      before: comment("before"),
      file: comment("file"),
    };
  });
  return { path, text, blocks };
}

/**
 * Why no test runs a block, where it says so in a comment of its own that a
 * reader sees: `# Skipped by tests: it needs the network.`
 */
export function whyNotTested({ code }: Block): string | undefined {
  return /^\s*(?:#|\/\/) Skipped by tests: (.+)$/m.exec(code)?.[1];
}

/** The text without its code blocks and comments. */
function prose({ text }: Page): string {
  return text.replace(FENCE, "").replace(/<!--.*?-->/gs, "");
}

/** The anchors that GitHub gives to a page's headings. */
export function anchors(page: Page): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = [...prose(page).matchAll(/^#+ (.+)$/gm)];
  return new Set(headings.map(([, heading = ""]) => {
    const anchor = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-");
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  }));
}

/** What a page links to, pictures included. */
export function links(page: Page): readonly string[] {
  const text = prose(page).replace(/`[^`]*`/g, "");
  return [
    ...[...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target),
    ...[...text.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(([, target = ""]) => target),
  ];
}

function* markdownFiles(): Generator<string> {
  for (const { name } of Deno.readDirSync(PROJECT)) {
    if (name.endsWith(".md")) yield name;
  }
  for (const folder of ["docs", "docs/recipes", ".github"]) {
    for (const { name } of Deno.readDirSync(`${PROJECT}/${folder}`)) {
      if (name.endsWith(".md")) yield `${folder}/${name}`;
    }
  }
}
