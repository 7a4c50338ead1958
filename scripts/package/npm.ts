import { programSuffix } from "../targets.ts";
import type { Build } from "./build.ts";
import type { Papers } from "./papers.ts";
import { HOMEPAGE, LICENSE, SUMMARY, VERSION } from "./project.ts";
import { type Files, writeTarball, writeTree } from "./tree.ts";

interface Places {
  /** The folder for the tarballs. */
  readonly out: string;
  readonly work: string;
  readonly level: number;
}

/** The builds for npm packages: one for each target, Bun's if there is one. */
export function npmBuilds(builds: readonly Build[]): Build[] {
  return builds.filter(({ engine, target }) =>
    engine === "bun" || target.bun === undefined
  );
}

/** The name of the npm package with a build's binary, from Node's names. */
export function npmName({ target: { os, cpu, libc } }: Build): string {
  return `@port-for/${os}-${cpu}${libc === "musl" ? "-musl" : ""}`;
}

/** Writes the package with a build's binary. */
export async function writeNpmBinary(
  build: Build,
  papers: Papers,
  places: Places,
): Promise<void> {
  const name = npmName(build);
  const { os, cpu, libc } = build.target;
  const manifest = {
    ...described(name, `the binary of port-for for ${name.slice(10)}`),
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc] }),
    // Makes Yarn unpack it, so that it can be run.
    preferUnplugged: true,
  };
  await writePackage(manifest, places, {
    programs: { [`port-for${programSuffix(build.name)}`]: build.binary },
    texts: { LICENSE: papers.license },
  });
}

/** Writes the package that people install, which depends on the others. */
export async function writeNpmLauncher(
  builds: readonly Build[],
  papers: Papers,
  places: Places,
): Promise<void> {
  const names = npmBuilds(builds).map(npmName).sort();
  const manifest = {
    ...described("port-for", SUMMARY),
    bin: { "port-for": "port-for.cjs" },
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(
      names.map((name) => [name, VERSION]),
    ),
  };
  await writePackage(manifest, places, {
    programs: { "port-for.cjs": "scripts/package/npm_launcher.cjs" },
    texts: { "LICENSE": papers.license, "README.md": papers.readme },
  });
}

function described(name: string, description: string) {
  return {
    name,
    version: VERSION,
    description,
    license: LICENSE,
    homepage: HOMEPAGE,
    repository: { type: "git", url: `git+${HOMEPAGE}.git` },
  };
}

async function writePackage(
  manifest: Readonly<{ name: string }>,
  { out, work, level }: Places,
  files: { programs: Files; texts: Files },
): Promise<void> {
  // The name that npm pack would use.
  const file = manifest.name.replace("@", "").replace("/", "-");
  const parent = `${work}/npm-${file}`;
  await writeTree(`${parent}/package`, files);
  await Deno.writeTextFile(
    `${parent}/package/package.json`,
    `${JSON.stringify(manifest, null, 2)}\n`,
  );
  await writeTarball(
    `${out}/${file}-${VERSION}.tgz`,
    parent,
    "package",
    level,
  );
}
