import { run } from "../run.ts";
import { programSuffix } from "../targets.ts";
import type { Build } from "./build.ts";
import type { Papers } from "./papers.ts";
import { TIMESTAMP, VERSION } from "./project.ts";
import { writeTarball, writeTree } from "./tree.ts";

/** The name of an archive without its extension, and of the folder in it. */
export function archiveFolder({ engine, name }: Build): string {
  return `port-for-${VERSION}-${name}${engine === "deno" ? "-deno" : ""}`;
}

/** The name of an archive. */
export function archiveName(build: Build): string {
  const windows = build.target.os === "win32";
  return `${archiveFolder(build)}${windows ? ".zip" : ".tar.gz"}`;
}

/** Writes the archive of a build into a folder. */
export async function writeArchive(
  build: Build,
  papers: Papers,
  { out, work, level }: { out: string; work: string; level: number },
): Promise<void> {
  const folder = archiveFolder(build);
  await writeTree(`${work}/${folder}`, {
    programs: { [`port-for${programSuffix(build.name)}`]: build.binary },
    texts: {
      "port-for.1": papers.manPage,
      "completions/port-for.bash": papers.bash,
      "completions/_port-for": papers.zsh,
      "completions/port-for.fish": papers.fish,
      "LICENSE": papers.license,
      "README.md": papers.readme,
    },
  });
  const archive = `${out}/${archiveName(build)}`;
  await (build.target.os === "win32"
    ? writeZip(archive, work, folder, level)
    : writeTarball(archive, work, folder, level));
}

async function writeZip(
  archive: string,
  parent: string,
  folder: string,
  level: number,
): Promise<void> {
  await run(["find", folder, "-exec", "touch", `-d@${TIMESTAMP}`, "{}", "+"], {
    cwd: parent,
  });
  const path = await Deno.realPath(archive.replace(/\/[^/]*$/, ""));
  await run([
    ...["zip", "--quiet", "--recurse-paths", "-X", `-${level}`],
    ...[`${path}/${archive.replace(/^.*\//, "")}`, folder],
  ], { cwd: parent, env: { TZ: "UTC" } });
}
