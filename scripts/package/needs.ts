import { bunCommand } from "../bun.ts";
import { run } from "../run.ts";
import { type Engine, thisMachine } from "../targets.ts";
import { archiveName } from "./archive.ts";
import type { Build } from "./build.ts";

const COLUMNS = [
  ...["archive", "packed", "binary", "memory", "start", "C library"],
  ...["processor", "/proc", "code at run time"],
];

/**
 * A Markdown table with the size of each archive and what it needs. Memory and
 * start-up time are measured with a lookup, if this machine can run the binary.
 *
 * @param dist The folder that has the archives in `release/`.
 */
export async function needsTable(
  builds: readonly Build[],
  dist: string,
): Promise<string> {
  const rows = [COLUMNS, COLUMNS.map(() => "---")];
  for (const build of builds) rows.push(await row(build, dist));
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

async function row(build: Build, dist: string): Promise<string[]> {
  const { engine, target, binary } = build;
  const linux = target.os === "linux";
  const bytes = await Deno.readFile(binary);
  return [
    archiveName(build),
    megabytes(await sizeOf(`${dist}/release/${archiveName(build)}`)),
    megabytes(bytes.length),
    ...(build.name === thisMachine()
      ? await measured(binary)
      : ["not measured", "not measured"]),
    target.libc === "musl"
      ? "musl and libstdc++"
      : linux
      ? `glibc ${lowestGlibc(bytes) ?? "of any version"}`
      : "the system's",
    engine === "bun" && target.cpu === "x64" ? "SSE4.2" : "any",
    linux ? "needed" : "none",
    NEEDS_CODE_AT_RUN_TIME[engine] ? "needed" : "not needed",
  ];
}

/**
 * Whether an engine must be allowed to generate code at run time. Without that
 * (systemd's MemoryDenyWriteExecute=), Bun interprets and Deno does not start.
 */
const NEEDS_CODE_AT_RUN_TIME: Readonly<Record<Engine, boolean>> = {
  bun: false,
  deno: true,
};

async function sizeOf(archive: string): Promise<number> {
  try {
    return (await Deno.stat(archive)).size;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `cannot tell sizes: there is no ${archive} (run deno task package first)`,
    );
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The oldest glibc that works: the newest version that a binary refers to. */
function lowestGlibc(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder("latin1").decode(bytes);
  const minors = [...text.matchAll(/\0GLIBC_2\.(\d+)(?=[\0.])/g)]
    .map(([, minor]) => Number(minor));
  return minors.length > 0 ? `2.${Math.max(...minors)}` : undefined;
}

/** The memory and the median time of a lookup. */
async function measured(binary: string): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "port-for-needs-" });
  try {
    const words = [await Deno.realPath(binary), "--store", "ports.toml", "web"];
    await run(words, { cwd: folder });
    const script = `${folder}/lookup.mjs`;
    await Deno.writeTextFile(script, LOOKUP);
    const [memory, time] = JSON.parse(
      await run([...await bunCommand(), script, ...words], { cwd: folder }),
    );
    return [megabytes(memory), `${time.toFixed(1)} ms`];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Written for Bun, which reports the memory of its children. */
const LOOKUP = `
const times = [];
let memory = 0;
for (let i = 0; i < 31; i++) {
  const begin = performance.now();
  const { resourceUsage } = Bun.spawnSync(process.argv.slice(2));
  times.push(performance.now() - begin);
  memory = Math.max(memory, resourceUsage.maxRSS);
}
console.log(JSON.stringify([memory, times.sort((a, b) => a - b)[15]]));
`;
