import { archiveName } from "./archive.ts";
import type { Build } from "./build.ts";
import { DOWNLOADS, HOMEPAGE, LICENSE, SUMMARY, VERSION } from "./project.ts";
import { sha256 } from "./sums.ts";

/** Writes Homebrew's formula for the archives in a folder. */
export async function writeFormula(
  builds: readonly Build[],
  out: string,
): Promise<void> {
  const systems: string[] = [];
  for (const [os, block] of [["darwin", "on_macos"], ["linux", "on_linux"]]) {
    const here = builds.filter(({ engine, target }) =>
      engine === "bun" && target.os === os && target.libc !== "musl"
    );
    if (here.length === 0) continue;
    const urls = await Promise.all(here.map((build) => urlOf(build, out)));
    systems.push(`  ${block} do\n${urls.join("")}  end\n`);
  }
  await Deno.writeTextFile(`${out}/port-for.rb`, formula(systems));
}

async function urlOf(build: Build, out: string): Promise<string> {
  const archive = archiveName(build);
  return `\
    ${build.target.cpu === "arm64" ? "on_arm" : "on_intel"} do
      url "${DOWNLOADS}/${archive}"
      sha256 "${await sha256(`${out}/${archive}`)}"
    end
`;
}

/**
 * Its test asks for a name that is also a script of the folder's package.json:
 * a stripped binary is the bare engine and would run that script.
 */
function formula(systems: readonly string[]): string {
  return `\
class PortFor < Formula
  desc "${SUMMARY[0]!.toUpperCase()}${SUMMARY.slice(1)}"
  homepage "${HOMEPAGE}"
  version "${VERSION}"
  license "${LICENSE}"

${systems.join("\n")}
  def install
    bin.install "port-for"
    man1.install "port-for.1"
    bash_completion.install "completions/port-for.bash" => "port-for"
    zsh_completion.install "completions/_port-for"
    fish_completion.install "completions/port-for.fish"
  end

  test do
    (testpath/"package.json").write '{ "scripts": { "web": "echo stripped" } }'
    assert_match(/\\A\\d+\\n\\z/, shell_output("#{bin}/port-for --store ports.toml web"))
  end
end
`;
}
