import { type Answer, WebServer } from "../support/http.ts";
import { runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** The version of the release. */
export const VERSION = "9.9.9";

/** What plays the binary. */
export const BINARY = `#!/bin/sh\necho "port-for ${VERSION}"\n`;

/** What is in an archive beside the binary, and where it is installed. */
export const PAPERS: Readonly<Record<string, string>> = {
  "port-for.1": "man/man1/port-for.1",
  "completions/port-for.bash": "bash-completion/completions/port-for",
  "completions/_port-for": "zsh/site-functions/_port-for",
  "completions/port-for.fish": "fish/vendor_completions.d/port-for.fish",
};

/** What an archive is called. */
export function archiveOf(target: string): string {
  return `port-for-${VERSION}-${target}.tar.gz`;
}

/** The file that tests of Linux on x64 install. */
export const FILE: string = archiveOf("linux-x64");

/** How a release differs from a good one. */
export interface ReleaseOptions {
  /** Answers instead of its own. */
  readonly others?: Readonly<Record<string, Answer>>;
  readonly binary?: string;
  readonly target?: string;
  /** What writes the lines of SHA256SUMS. */
  readonly line?: (sum: string, file: string) => string;
}

/** The files of a release with one archive, among the names of others. */
export async function release({
  others = {},
  binary = BINARY,
  target = "linux-x64",
  line = (sum, file) => `${sum}  ${file}`,
}: ReleaseOptions = {}): Promise<Record<string, Answer>> {
  const file = archiveOf(target);
  const archive = await archived(file.replace(".tar.gz", ""), binary);
  const digest = await crypto.subtle.digest("SHA-256", archive);
  const lines = [
    line("0".repeat(64), archiveOf(`${target}-other`)),
    line(new Uint8Array(digest).toHex(), file),
    line("1".repeat(64), `another-${file}`),
  ];
  return {
    [file]: { body: archive },
    SHA256SUMS: { body: `${lines.join("\n")}\n` },
    ...others,
  };
}

/** Serves a release's files. */
export function serving(files: Readonly<Record<string, Answer>>): WebServer {
  const askedBefore = new Set<string>();
  return new WebServer((path) => {
    const answer = files[path.slice(1)];
    // Somebody who was hung up on may ask for the rest again and again.
    const again = askedBefore.has(path) && answer?.halfway === "hang up";
    askedBefore.add(path);
    return again ? undefined : answer;
  });
}

async function archived(
  folder: string,
  binary: string,
): Promise<Uint8Array<ArrayBuffer>> {
  using temp = new TempFolder();
  Deno.mkdirSync(temp.file(`${folder}/completions`), { recursive: true });
  temp.write(`${folder}/port-for`, binary);
  for (const name of Object.keys(PAPERS)) temp.write(`${folder}/${name}`, name);
  await runTool(["tar", "-czf", "archive", folder], { cwd: temp.path });
  return Deno.readFileSync(temp.file("archive"));
}
