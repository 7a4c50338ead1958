import { run } from "../run.ts";
import type { Build } from "./build.ts";
import type { Papers } from "./papers.ts";
import {
  DESCRIPTION,
  HOMEPAGE,
  LICENSE,
  MAINTAINER,
  SORTABLE_VERSION,
  SUMMARY,
  TIMESTAMP,
} from "./project.ts";
import { writeSystemTree } from "./system_tree.ts";
import { writeTree } from "./tree.ts";

/** The name of a build's package. */
export function rpmName(build: Build): string {
  return `port-for-${SORTABLE_VERSION}-1.${architecture(build)}.rpm`;
}

/** Writes the RPM package of a build into a folder. */
export async function writeRpm(
  build: Build,
  papers: Papers,
  { out, work }: { out: string; work: string },
): Promise<void> {
  const top = await absolute(`${work}/rpm-${build.name}`);
  await writeSystemTree(`${top}/tree`, build, papers, "site-functions");
  await writeTree(`${top}/tree/usr/share/licenses/port-for`, {
    programs: {},
    texts: { LICENSE: papers.license },
  });
  await Deno.writeTextFile(`${top}/port-for.spec`, SPEC);
  const macros = {
    _topdir: top,
    _rpmdir: top,
    _tmppath: top,
    // Or it makes a database in the home of whoever builds.
    _dbpath: `${top}/db`,
  };
  await run([
    ...["rpmbuild", "-bb", "--quiet", `--target=${architecture(build)}-linux`],
    ...Object.entries(macros).map((macro) => `--define=${macro.join(" ")}`),
    `${top}/port-for.spec`,
  ], { env: { SOURCE_DATE_EPOCH: `${TIMESTAMP}` } });
  const folder = `${top}/${architecture(build)}`;
  await Deno.copyFile(
    `${folder}/${rpmName(build)}`,
    `${out}/${rpmName(build)}`,
  );
}

function architecture({ target }: Build): string {
  return { x64: "x86_64", arm64: "aarch64" }[target.cpu];
}

async function absolute(folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  return await Deno.realPath(folder);
}

/**
 * The first three lines make rpm leave the binary alone. It would strip it, and
 * a stripped binary is the bare engine; and all programs of an engine have the
 * same build id, so packages would conflict over the link for it.
 */
const SPEC = `\
%global __os_install_post %{nil}
%global debug_package %{nil}
%global _build_id_links none
%global _binary_payload w7.zstdio
%global _buildhost port-for
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1

Name: port-for
Version: ${SORTABLE_VERSION}
Release: 1
Summary: ${SUMMARY[0]!.toUpperCase()}${SUMMARY.slice(1)}
License: ${LICENSE}
URL: ${HOMEPAGE}
Packager: ${MAINTAINER}

%description
${DESCRIPTION.join("\n")}

%install
cp -R %{_topdir}/tree/. %{buildroot}

%files
/usr/bin/port-for
/usr/share/man/man1/port-for.1.gz
/usr/share/bash-completion/completions/port-for
/usr/share/zsh/site-functions/_port-for
/usr/share/fish/vendor_completions.d/port-for.fish
%doc /usr/share/doc/port-for
%license /usr/share/licenses/port-for
`;
