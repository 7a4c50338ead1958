/**
 * Compiles port-for into single binaries, with Deno or with Bun.
 * Usage: deno task compile --help
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { fileNameOf } from "../lib/runtime/path.ts";
import { bunCommand } from "./bun.ts";
import { run } from "./run.ts";
import {
  binaryName,
  type Engine,
  programSuffix,
  TARGETS,
  targetsOf,
  thisMachine,
} from "./targets.ts";

const USAGE = `Usage: deno task compile [options]

  --engine deno|bun  what runs the program (default: deno)
  --target TARGET    for which machine (repeatable; default: this one), or all
  --out FOLDER       where to write (default: dist)
  --program FILE     another program to compile

Binaries are named port-for-ENGINE-TARGET; port-for is another name for this
machine's.

Targets: `;

/**
 * The module that a plain lookup does not need. Everything else is bundled into
 * one file, because loading each file takes time.
 */
const REST: Readonly<Record<Engine, string>> = {
  bun: "bun_rest",
  deno: "deno_rest",
};

/**
 * On Linux the program reads /proc, which Deno allows only with --allow-all.
 */
const DENO_ALL = ["--allow-all"];

/**
 * On other systems, the least that works: files, because the store may be
 * anywhere; sockets; the environment and processes, to run commands; the user
 * id, to check a lock's owner; the C library, to become a command.
 */
const DENO_LEAST = [
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-run",
  "--allow-sys=uid",
  "--allow-ffi",
  "--no-prompt",
];

if (import.meta.main) await main(Deno.args);

async function main(args: string[]): Promise<void> {
  const options = parseArgs(args, {
    string: ["engine", "target", "out", "program"],
    collect: ["target"],
    boolean: ["help"],
    default: { engine: "deno", out: "dist", program: "" },
    unknown: (argument: string) => fail(`unknown argument ${argument}`, 2),
  });
  if (options.help) {
    return console.log(USAGE + Object.keys(TARGETS).join(", "));
  }
  if (options.engine !== "deno" && options.engine !== "bun") {
    fail(`unknown --engine ${options.engine}: not deno or bun`, 2);
  }
  const engine: Engine = options.engine;
  const targets = wantedTargets(engine, options.target);
  try {
    await compileAll(
      engine,
      targets,
      options.out,
      options.program || `lib/cli/${engine}_binary.ts`,
    );
  } catch (error) {
    fail((error as Error).message, 1);
  }
}

async function compileAll(
  engine: Engine,
  targets: readonly string[],
  folder: string,
  program: string,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const work = await Deno.makeTempDir({ prefix: "port-for-compile-" });
  try {
    const bundle = await bundled(program, REST[engine], work);
    for (const target of targets) {
      const file = `${folder}/${binaryName(engine, target)}`;
      await (engine === "bun"
        ? compileWithBun(bundle, target, file)
        : compileWithDeno(bundle, target, file));
      if (target === thisMachine()) {
        await linkAnew(file, `${folder}/port-for${programSuffix(target)}`);
      }
      console.log(file);
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * Bundles the program into its first file, and the rest into files that are
 * loaded when needed.
 *
 * @returns The path of the first file.
 */
async function bundled(
  program: string,
  rest: string,
  folder: string,
): Promise<string> {
  const name = fileNameOf(program, "linux").replace(/\.[jt]s$/, "");
  const bundle = `${folder}/${name}.js`;
  const bundling = [Deno.execPath(), "bundle", "--quiet", "--minify"];
  await run([
    ...bundling,
    ...[`--output=${bundle}`, `--external=./${rest}.ts`],
    program,
  ]);
  const text = await Deno.readTextFile(bundle);
  const imported = `import("./${rest}.ts")`;
  if (!text.includes(imported)) return bundle;
  await run([
    ...bundling,
    ...["--code-splitting", `--outdir=${folder}/rest`],
    `lib/cli/${rest}.ts`,
  ]);
  await Deno.writeTextFile(
    bundle,
    text.replaceAll(imported, `import("./rest/${rest}.js")`),
  );
  return bundle;
}

async function compileWithBun(
  bundle: string,
  target: string,
  output: string,
): Promise<void> {
  const build = [
    "build",
    bundle,
    "--compile",
    `--target=${TARGETS[target]!.bun}`,
    `--outfile=${output}`,
    "--minify",
    "--splitting",
    // Bytecode makes it start a quarter faster.
    "--bytecode",
    "--format=esm",
    // Most calls end before what the JIT compiles for them has paid off.
    "--compile-jit-policy=10",
    // Run by root in another user's folder, it must not load that folder's
    // .env.
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    // With any option here, it can start in a deleted folder.
    "--compile-exec-argv=--no-addons",
  ];
  await run([...await bunCommand(), ...build]);
}

async function compileWithDeno(
  bundle: string,
  target: string,
  output: string,
): Promise<void> {
  const runtime = Deno.env.get("DENORT_BIN");
  if (runtime && !await isFile(runtime)) {
    throw new Error(
      `cannot compile ${target} with Deno: DENORT_BIN names ${runtime}, which ` +
        `is not a file`,
    );
  }
  const permissions = target.startsWith("linux") ? DENO_ALL : DENO_LEAST;
  try {
    await run([
      Deno.execPath(),
      "compile",
      "--quiet",
      "--no-check",
      "--no-config",
      // The cache would be a file of a known name in everybody's temporary
      // folder, which the binary would read and trust, whoever put it there.
      "--no-code-cache",
      `--target=${TARGETS[target]!.deno}`,
      `--output=${output}`,
      ...permissions,
      bundle,
    ]);
  } catch (error) {
    if (!/denort|download|dns error|client error/i.test(String(error))) {
      throw error;
    }
    throw new Error(
      `cannot compile ${target} with Deno: its runtime, denort, cannot be ` +
        `downloaded (name one with DENORT_BIN=FILE, or use --engine bun)`,
    );
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function wantedTargets(engine: Engine, given: readonly string[]): string[] {
  const possible = targetsOf(engine);
  if (given.includes("all")) return possible;
  const wanted = given.length > 0 ? [...new Set(given)] : [thisMachine()];
  for (const target of wanted) {
    if (!possible.includes(target)) {
      fail(
        `unknown --target ${target} for ${engine}: ` +
          `not one of ${possible.join(", ")}`,
        2,
      );
    }
  }
  return wanted;
}

/**
 * Gives a file a second name. An old file of that name is unlinked first and
 * not overwritten, because it may be running.
 */
async function linkAnew(file: string, name: string): Promise<void> {
  try {
    await Deno.remove(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.link(file, name);
}

function fail(message: string, status: number): never {
  console.error(`compile: ${message}`);
  if (status === 2) console.error(USAGE + Object.keys(TARGETS).join(", "));
  Deno.exit(status);
}
