/** What README and `docs/` point to is there. */
import { assertEquals } from "@std/assert";
import { VERSION } from "../../lib/version.ts";
import { anchors, links, page, pages } from "../support/documents.ts";
import { PROJECT } from "../support/program.ts";

Deno.test("every link within the project leads somewhere", () => {
  const broken = pages().flatMap((from) =>
    links(from).filter((link) => !isOutside(link) && !leads(from.path, link))
      .map((link) => `${from.path}: ${link}`)
  );
  assertEquals(broken, []);
});

Deno.test("every page of docs can be reached from README", () => {
  const reached = new Set(["README.md"]);
  for (const path of reached) {
    if (!path.endsWith(".md")) continue;
    for (const link of links(page(path))) {
      if (!isOutside(link)) reached.add(target(path, link).path);
    }
  }
  const lost = pages().map(({ path }) => path)
    .filter((path) => path.startsWith("docs/") && !reached.has(path));
  assertEquals(lost, []);
});

Deno.test("every release that is named is this one", () => {
  const named = pages().flatMap(({ path, text }) =>
    path === "CHANGELOG.md" ? [] : [
      ...text.matchAll(
        /(?:download\/v|VERSION=v|port-for[_-]|port-for:)(\d+\.\d+\.\d+)/g,
      ),
    ].map(([, version]) => `${path}: ${version}`)
  );
  assertEquals(named.filter((one) => !one.endsWith(` ${VERSION}`)), []);
});

function isOutside(link: string): boolean {
  return /^[a-z]+:/.test(link);
}

function leads(from: string, link: string): boolean {
  const { path, anchor } = target(from, link);
  try {
    Deno.statSync(`${PROJECT}/${path}`);
  } catch {
    return false;
  }
  return anchor === "" || anchors(page(path)).has(anchor);
}

/** The file that a link of a page leads to, and the anchor in it. */
function target(from: string, link: string): { path: string; anchor: string } {
  const { pathname, hash } = new URL(link, `file:///${from}`);
  return { path: pathname.slice(1), anchor: decodeURIComponent(hash.slice(1)) };
}
