import { run } from "../run.ts";
import { TIMESTAMP } from "./project.ts";

/** Source paths of files, by their paths in the new folder. */
export type Files = Readonly<Record<string, string>>;

/** Copies files into a folder that becomes part of a package. */
export async function writeTree(
  folder: string,
  { programs, texts }: { programs: Files; texts: Files },
): Promise<void> {
  await copyAll(folder, programs, 0o755);
  await copyAll(folder, texts, 0o644);
}

async function copyAll(
  folder: string,
  files: Files,
  mode: number,
): Promise<void> {
  for (const [path, from] of Object.entries(files)) {
    const to = `${folder}/${path}`;
    await Deno.mkdir(to.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(from, to);
    await Deno.chmod(to, mode);
  }
}

/** Packs a folder reproducibly: equal contents give equal bytes. */
export async function writeTarball(
  archive: string,
  parent: string,
  folder: string,
  level: number,
): Promise<void> {
  await run([
    ...["tar", `--use-compress-program=gzip -n -${level}`, "--create"],
    ...[`--file=${archive}`, `--directory=${parent}`, "--sort=name"],
    ...["--format=ustar", `--mtime=@${TIMESTAMP}`, "--mode=u=rwX,go=rX"],
    ...["--owner=root:0", "--group=root:0", "--numeric-owner", folder],
  ]);
}
