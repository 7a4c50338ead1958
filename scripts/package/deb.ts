import { run } from "../run.ts";
import type { Build } from "./build.ts";
import type { Papers } from "./papers.ts";
import {
  DESCRIPTION,
  HOMEPAGE,
  MAINTAINER,
  SORTABLE_VERSION,
  SUMMARY,
  TIMESTAMP,
} from "./project.ts";
import { writeSystemTree } from "./system_tree.ts";

const ARCHITECTURES = { x64: "amd64", arm64: "arm64" };

/** The name of a build's package. */
export function debName(build: Build): string {
  return `port-for_${SORTABLE_VERSION}_${ARCHITECTURES[build.target.cpu]}.deb`;
}

/**
 * Writes the Debian package of a build into a folder.
 *
 * Does not use debhelper: it strips binaries, and a stripped one is the bare
 * engine.
 */
export async function writeDeb(
  build: Build,
  papers: Papers,
  { out, work, level }: { out: string; work: string; level: number },
): Promise<void> {
  const tree = `${work}/deb-${build.name}`;
  await writeSystemTree(tree, build, papers, "vendor-completions");
  await writeDocuments(`${tree}/usr/share`);
  await writeControl(tree, build);
  await run([
    ...["dpkg-deb", "--root-owner-group", "-Zgzip", `-z${level}`, "--build"],
    ...[tree, `${out}/${debName(build)}`],
  ], { env: { SOURCE_DATE_EPOCH: `${TIMESTAMP}` } });
}

/** Writes the documents that Debian's policy requires. */
async function writeDocuments(share: string): Promise<void> {
  await Deno.writeTextFile(
    `${share}/doc/port-for/copyright`,
    COPYRIGHT_HEAD + indented(await Deno.readTextFile("LICENSE")),
  );
  const changelog = `${share}/doc/port-for/changelog`;
  await Deno.writeTextFile(changelog, CHANGELOG);
  await run(["gzip", "-9n", changelog]);
  await Deno.mkdir(`${share}/lintian/overrides`, { recursive: true });
  await Deno.writeTextFile(`${share}/lintian/overrides/port-for`, OVERRIDES);
}

async function writeControl(tree: string, build: Build): Promise<void> {
  const sums = await run([
    ...["sh", "-c", 'cd "$0" && find usr -type f -exec md5sum {} +', tree],
  ]);
  const size = await run(["du", "--summarize", "--apparent-size", "-k", tree]);
  await Deno.mkdir(`${tree}/DEBIAN`);
  await Deno.writeTextFile(`${tree}/DEBIAN/md5sums`, sums);
  await Deno.writeTextFile(
    `${tree}/DEBIAN/control`,
    [
      "Package: port-for",
      `Version: ${SORTABLE_VERSION}`,
      `Architecture: ${ARCHITECTURES[build.target.cpu]}`,
      `Maintainer: ${MAINTAINER}`,
      `Installed-Size: ${parseInt(size)}`,
      // Both engines need glibc 2.17.
      "Depends: libc6 (>= 2.17)",
      // It also installs /usr/bin/port-for.
      "Conflicts: python3-port-for",
      "Section: utils",
      "Priority: optional",
      `Homepage: ${HOMEPAGE}`,
      `Description: ${SUMMARY}`,
      ...DESCRIPTION.map((line) => ` ${line}`),
      "",
    ].join("\n"),
  );
  await Deno.writeTextFile(`${tree}/DEBIAN/postrm`, POSTRM);
  await Deno.chmod(`${tree}/DEBIAN/postrm`, 0o755);
}

/** Purging must not remove the store, which is the administrator's. */
const POSTRM = `#!/bin/sh
set -e

if [ "$1" = purge ]; then
  for file in /etc/port-for.toml /etc/sysctl.d/99-zz-port-for.conf; do
    if [ -e "$file" ]; then
      echo "port-for: $file is left as it is: remove it if you no longer need it"
    fi
  done
fi
`;

const COPYRIGHT_HEAD =
  `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: port-for
Source: ${HOMEPAGE}

Files: *
Copyright: 2026 the port-for authors
License: Expat
`;

/** Indents a text as the continuation of a field. */
function indented(text: string): string {
  return text.trimEnd().split("\n").map((line) => ` ${line || "."}\n`).join("");
}

const CHANGELOG = `port-for (${SORTABLE_VERSION}) stable; urgency=medium

  * Release ${SORTABLE_VERSION}: see ${HOMEPAGE}/releases

 -- ${MAINTAINER}  ${rfc5322(new Date(TIMESTAMP * 1000))}
`;

function rfc5322(date: Date): string {
  return date.toUTCString().replace("GMT", "+0000");
}

/** What lintian reports although it is intended. */
const OVERRIDES = `\
# The program lies in the engine's file: without its symbols and sections the
# engine would not find it, and run as itself.
port-for: unstripped-binary-or-object [usr/bin/port-for]
# The engine is as its makers build it, with its libraries in it.
port-for: embedded-library * [usr/bin/port-for]
port-for: hardening-no-pie [usr/bin/port-for]
port-for: hardening-no-relro [usr/bin/port-for]
`;
