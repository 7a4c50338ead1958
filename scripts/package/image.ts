import type { Build } from "./build.ts";
import type { Papers } from "./papers.ts";
import { writeTree } from "./tree.ts";

const ARCHITECTURES = { x64: "amd64", arm64: "arm64" };

/** Adds a build to the folder that the image is built from. */
export async function writeImageContext(
  build: Build,
  papers: Papers,
  folder: string,
): Promise<void> {
  const { cpu, libc } = build.target;
  await writeTree(folder, {
    programs: { [`${libc}/${ARCHITECTURES[cpu]}/port-for`]: build.binary },
    texts: {
      "Dockerfile": "scripts/package/Dockerfile",
      "LICENSE": papers.license,
    },
  });
}
