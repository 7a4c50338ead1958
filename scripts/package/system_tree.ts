import { run } from "../run.ts";
import type { Build } from "./build.ts";
import type { Papers } from "./papers.ts";
import { writeTree } from "./tree.ts";

/**
 * Lays out the files of a build below /usr.
 *
 * @param zsh The folder where that system's zsh looks for completions.
 */
export async function writeSystemTree(
  folder: string,
  build: Build,
  papers: Papers,
  zsh: string,
): Promise<void> {
  await writeTree(folder, {
    programs: { "usr/bin/port-for": build.binary },
    texts: {
      "usr/share/man/man1/port-for.1": papers.manPage,
      "usr/share/bash-completion/completions/port-for": papers.bash,
      [`usr/share/zsh/${zsh}/_port-for`]: papers.zsh,
      "usr/share/fish/vendor_completions.d/port-for.fish": papers.fish,
      "usr/share/doc/port-for/README.md": papers.readme,
    },
  });
  await run(["gzip", "-9n", `${folder}/usr/share/man/man1/port-for.1`]);
}
