import { programSuffix } from "../targets.ts";
import type { Build } from "./build.ts";
import type { Papers } from "./papers.ts";
import { HOMEPAGE, LICENSE, SUMMARY, VERSION } from "./project.ts";
import { type Files, writeTarball, writeTree } from "./tree.ts";

interface Places {
  /** Where the tarballs go. */
  readonly out: string;
  readonly work: string;
  readonly level: number;
}

/** The builds that npm packages are made of: one a target, Bun's where it is. */
export function npmBuilds(builds: readonly Build[]): Build[] {
  return builds.filter(({ engine, target }) =>
    engine === "bun" || target.bun === undefined
  );
}

/** The npm package that holds the binary of a build: by Node's names. */
export function npmName({ target: { os, cpu, libc } }: Build): string {
  return `@port-for/${os}-${cpu}${libc === "musl" ? "-musl" : ""}`;
}

/** Writes the package that holds the binary of a build. */
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
    // Yarn is to put it where it can be started.
    preferUnplugged: true,
  };
  await writePackage(manifest, places, {
    programs: { [`port-for${programSuffix(build.name)}`]: build.binary },
    texts: { LICENSE: papers.license },
  });
}

/** Writes the package that people install, which asks for one of the others. */
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
  // As npm pack names it.
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
