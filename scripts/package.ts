/**
 * Makes the files of a release from the binaries of `deno task compile`. Usage:
 * deno task package --help
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { writeArchive } from "./package/archive.ts";
import { type Build, buildsIn } from "./package/build.ts";
import { writeDeb } from "./package/deb.ts";
import { writeFormula } from "./package/homebrew.ts";
import { writeImageContext } from "./package/image.ts";
import { needsTable } from "./package/needs.ts";
import { npmBuilds, writeNpmBinary, writeNpmLauncher } from "./package/npm.ts";
import { type Papers, writePapers } from "./package/papers.ts";
import { writeRpm } from "./package/rpm.ts";
import { writeScoop } from "./package/scoop.ts";
import { writeSums } from "./package/sums.ts";

const USAGE = `Usage: deno task package [options]

  --dist FOLDER  where the binaries are and where to write (default: dist)
  --only KINDS   some of archive,deb,rpm,npm,image (default: all)
  --level N      how hard to compress, 1-9 (default: 6)
  --table        write nothing: print sizes and needs of what is there

Writes for every binary in FOLDER:
  release/  archives, .deb, .rpm, Homebrew's formula, Scoop's manifest,
            install.sh and SHA256SUMS
  npm/      tarballs to publish
  image/    what to build the image from

Runs on Linux, and needs dpkg, rpm and zip.`;

/** What packages are made from, and where they go. */
interface Packaging {
  readonly builds: readonly Build[];
  readonly papers: Papers;
  readonly dist: string;
  readonly release: string;
  readonly work: string;
  readonly level: number;
}

const KINDS: Readonly<Record<string, (all: Packaging) => Promise<void>>> = {
  archive: packageArchives,
  deb: (all) => packageForSystem(writeDeb, all),
  rpm: (all) => packageForSystem(writeRpm, all),
  npm: packageForNpm,
  image: packageForImage,
};

if (import.meta.main) await main(Deno.args);

async function main(args: string[]): Promise<void> {
  const options = parseArgs(args, {
    string: ["dist", "only", "level"],
    boolean: ["help", "table"],
    default: { dist: "dist", only: Object.keys(KINDS).join(), level: "6" },
    unknown: (argument: string) => fail(`unknown argument ${argument}`, 2),
  });
  if (options.help) return console.log(USAGE);
  const kinds = options.only.split(",");
  for (const kind of kinds) {
    if (!(kind in KINDS)) fail(`unknown kind ${kind}`, 2);
  }
  if (!/^[1-9]$/.test(options.level)) {
    fail(`unknown --level ${options.level}: not 1 to 9`, 2);
  }
  try {
    const builds = await buildsIn(options.dist);
    if (options.table) {
      console.log(await needsTable(builds, options.dist));
    } else {
      await packageAll(builds, kinds, options.dist, Number(options.level));
    }
  } catch (error) {
    fail((error as Error).message, 1);
  }
}

async function packageAll(
  builds: readonly Build[],
  kinds: readonly string[],
  dist: string,
  level: number,
): Promise<void> {
  const work = await Deno.makeTempDir({ prefix: "port-for-package-" });
  try {
    const papers = await writePapers(`${work}/papers`);
    const release = await emptyFolder(`${dist}/release`);
    const all: Packaging = { builds, papers, dist, release, work, level };
    await allDone(kinds.map((kind) => KINDS[kind]!(all)));
    await Deno.copyFile("scripts/install.sh", `${release}/install.sh`);
    await writeSums(release);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function packageArchives(
  { builds, papers, release, work, level }: Packaging,
): Promise<void> {
  for (const build of builds) {
    await writeArchive(build, papers, { out: release, work, level });
  }
  await writeFormula(builds, release);
  await writeScoop(builds, release);
}

/** Systems with these kinds of packages have glibc. */
async function packageForSystem(
  write: typeof writeDeb,
  { builds, papers, release, work, level }: Packaging,
): Promise<void> {
  for (const build of builds) {
    if (build.engine === "bun" && build.target.libc === "glibc") {
      await write(build, papers, { out: release, work, level });
    }
  }
}

async function packageForNpm(
  { builds, papers, dist, work, level }: Packaging,
): Promise<void> {
  const places = { out: await emptyFolder(`${dist}/npm`), work, level };
  await writeNpmLauncher(builds, papers, places);
  for (const build of npmBuilds(builds)) {
    await writeNpmBinary(build, papers, places);
  }
}

async function packageForImage(
  { builds, papers, dist }: Packaging,
): Promise<void> {
  const folder = await emptyFolder(`${dist}/image`);
  for (const build of builds) {
    if (build.engine === "bun" && build.target.os === "linux") {
      await writeImageContext(build, papers, folder);
    }
  }
}

/** Waits for all tasks even if one fails, because they share a folder. */
async function allDone(tasks: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(tasks);
  for (const result of results) {
    if (result.status === "rejected") throw result.reason;
  }
}

async function emptyFolder(path: string): Promise<string> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.mkdir(path, { recursive: true });
  return path;
}

function fail(message: string, status: number): never {
  console.error(`package: ${message}`);
  if (status === 2) console.error(USAGE);
  Deno.exit(status);
}
