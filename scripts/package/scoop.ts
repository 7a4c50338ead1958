import { archiveFolder, archiveName } from "./archive.ts";
import type { Build } from "./build.ts";
import { DOWNLOADS, HOMEPAGE, LICENSE, SUMMARY, VERSION } from "./project.ts";
import { sha256 } from "./sums.ts";

/** Writes Scoop's manifest for the Windows archive in a folder. */
export async function writeScoop(
  builds: readonly Build[],
  out: string,
): Promise<void> {
  const build = builds.find(({ target }) => target.os === "win32");
  if (build === undefined) return;
  const archive = archiveName(build);
  const manifest = {
    version: VERSION,
    description: SUMMARY,
    homepage: HOMEPAGE,
    license: LICENSE,
    architecture: {
      "64bit": {
        url: `${DOWNLOADS}/${archive}`,
        hash: await sha256(`${out}/${archive}`),
        extract_dir: archiveFolder(build),
      },
    },
    bin: "port-for.exe",
    checkver: "github",
    autoupdate: {
      architecture: {
        "64bit": {
          url: ofAnyVersion(`${DOWNLOADS}/${archive}`),
          extract_dir: ofAnyVersion(archiveFolder(build)),
        },
      },
      hash: { url: "$baseurl/SHA256SUMS" },
    },
  };
  await Deno.writeTextFile(
    `${out}/port-for.json`,
    `${JSON.stringify(manifest, null, 2)}\n`,
  );
}

function ofAnyVersion(text: string): string {
  return text.replaceAll(VERSION, "$version");
}
