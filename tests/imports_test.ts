/**
 * The arrows between folders and files, as the source draws them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { PROJECT } from "./support/program.ts";

/** What stands right below each folder, or file of `lib/` itself. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["cli"],
  cli: ["store"],
  store: ["kernel"],
  kernel: ["etcd", "machine"],
  etcd: ["disk"],
  disk: ["toml"],
  toml: ["place.ts"],
  machine: ["place.ts"],
  "place.ts": ["association.ts"],
  "association.ts": ["ports", "runtime", "version.ts"],
  ports: ["data", "error.ts"],
  runtime: ["error.ts"],
  "version.ts": ["error.ts"],
  "error.ts": [],
  data: [],
};

/** Where associations are kept. */
const PLACES = ["toml", "disk", "etcd"];

/** What `store/` has that knows of them: others see the interface `Place`. */
const KNOW_PLACES = ["port_store.ts", "fleet_store.ts", "claims.ts"]
  .map((file) => `lib/store/${file}`);

/** It hides an import from Deno, which would load it ahead of time. */
const HIDES_ONE = "lib/cli/from_source.ts";

const NO_LITERAL = "something that is not a literal";

/** A file of the program, and what is in it. */
interface Source {
  readonly path: string;
  /** Every module that it names, however it does. */
  readonly imports: readonly string[];
  /** Names of an engine that it says, such as `Deno`. */
  readonly engines: readonly string[];
}

/** Reads a file as the linter does, so that comments and text do not count. */
function readSource(path: string): Source {
  const imports: string[] = [];
  const engines: string[] = [];
  const note = (literal: unknown) => {
    const { value, type } = (literal ?? {}) as Record<string, unknown>;
    if (typeof value === "string") imports.push(value);
    else if (type) imports.push(NO_LITERAL);
  };
  const plugin: Deno.lint.Plugin = {
    name: "arrows",
    rules: {
      all: {
        create: () => ({
          ImportDeclaration: ({ source }) => note(source),
          ExportNamedDeclaration: ({ source }) => note(source),
          ExportAllDeclaration: ({ source }) => note(source),
          ImportExpression: ({ source }) => note(source),
          TSImportType: ({ argument }) =>
            note((argument as { literal?: unknown }).literal ?? argument),
          Identifier({ name }) {
            if (name === "Deno" || name === "Bun") engines.push(name);
          },
        }),
      },
    },
  };
  const text = Deno.readTextFileSync(`${PROJECT}/${path}`);
  Deno.lint.runPlugin(plugin, path, text);
  return { path, imports, engines };
}

function* filesIn(folder: string): Generator<string> {
  for (
    const { name, isDirectory } of Deno.readDirSync(`${PROJECT}/${folder}`)
  ) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesIn(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

const SOURCES = ["main.ts", ...filesIn("lib")].map(readSource);

/** The file of the project that an import names; `undefined` for a package. */
function target({ path }: Source, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

/** `lib/store/lease.ts` is in `store`, `lib/error.ts` stands for itself. */
function roomOf(path: string): string {
  return path.replace(/^lib\//, "").split("/")[0]!;
}

/** Whether one room stands anywhere below another. */
function isBelow(room: string, above: string): boolean {
  const next = BELOW[above] ?? [];
  return next.includes(room) || next.some((below) => isBelow(room, below));
}

/** Every import of a file by another one, with what it says. */
const ARROWS = SOURCES.flatMap((source) =>
  source.imports.flatMap((specifier) => {
    const to = target(source, specifier);
    return to === undefined ? [] : [{ from: source.path, to, specifier }];
  })
);

/** What is wrong with arrows, a line each. */
function faults(isWrong: (from: string, to: string) => boolean): string[] {
  return ARROWS.filter(({ from, to }) => isWrong(from, to))
    .map(({ from, specifier }) => `${from} imports "${specifier}"`);
}

/** A way along the arrows from a file back to it, if there is one. */
function circleAt(start: string): string[] | undefined {
  const seen = new Set<string>();
  const search = (way: string[]): string[] | undefined => {
    for (const { from, to } of ARROWS) {
      if (from !== way.at(-1)) continue;
      if (to === start) return [...way, to];
      if (seen.has(to)) continue;
      seen.add(to);
      const found = search([...way, to]);
      if (found) return found;
    }
  };
  return search([start]);
}

Deno.test("every file of lib/ is in a folder that has its place in the order", () => {
  const rooms = new Set(SOURCES.map(({ path }) => roomOf(path)));
  assertEquals([...rooms].filter((room) => !(room in BELOW)), []);
});

Deno.test("every import names its module by a literal", () => {
  const vague = SOURCES.filter(({ imports }) => imports.includes(NO_LITERAL));
  assertEquals(vague.map(({ path }) => path), [HIDES_ONE]);
});

Deno.test("imports between folders run down only", () => {
  const wrong = faults((from, to) =>
    roomOf(from) !== roomOf(to) && !isBelow(roomOf(to), roomOf(from))
  );
  assertEquals(wrong, []);
});

Deno.test("no file imports itself by way of others", () => {
  const circles = SOURCES.map(({ path }) => circleAt(path)?.join(" -> "));
  assertEquals(circles.filter((circle) => circle !== undefined), []);
});

Deno.test("no other file of store/ knows where associations are kept", () => {
  const wrong = faults((from, to) =>
    roomOf(from) === "store" && !KNOW_PLACES.includes(from) &&
    PLACES.includes(roomOf(to))
  );
  assertEquals(wrong, []);
});

Deno.test("only runtime/ touches an engine", () => {
  const wrong = SOURCES.filter(({ path }) => roomOf(path) !== "runtime")
    .flatMap(({ path, imports, engines }) => [
      ...engines.map((name) => `${path} says ${name}`),
      ...imports.filter((module) => /^(?:node|bun):/.test(module))
        .map((module) => `${path} imports "${module}"`),
    ]);
  assertEquals(wrong, []);
});
