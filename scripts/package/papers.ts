import { manPage } from "../man_page.ts";
import { run } from "../run.ts";

/** The paths of the files that go with every binary. */
export interface Papers {
  readonly license: string;
  readonly readme: string;
  readonly manPage: string;
  readonly bash: string;
  readonly zsh: string;
  readonly fish: string;
}

/** Writes the files that go with every binary into a folder. */
export async function writePapers(folder: string): Promise<Papers> {
  const papers: Papers = {
    license: "LICENSE",
    readme: "README.md",
    manPage: `${folder}/port-for.1`,
    bash: `${folder}/port-for.bash`,
    zsh: `${folder}/_port-for`,
    fish: `${folder}/port-for.fish`,
  };
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(papers.manPage, manPage());
  for (const shell of ["bash", "zsh", "fish"] as const) {
    await Deno.writeTextFile(papers[shell], await completions(shell));
  }
  return papers;
}

function completions(shell: string): Promise<string> {
  return run([
    ...[Deno.execPath(), "run", "--quiet", "--allow-all", "main.ts"],
    ...["--completions", shell],
  ]);
}
