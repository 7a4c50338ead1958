import { assert, assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../../lib/version.ts";
import { ENGINES, TARGETS, targetsOf } from "../../scripts/targets.ts";
import { PROJECT, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { hasTool } from "../support/tools.ts";
import { jobsOf, Rehearsal } from "./release_workflow.ts";

/** What plays a binary. */
const BINARY = `#!/bin/sh\necho "port-for ${VERSION}"\n`;

/** Stands in for Deno, but where nothing has to be fetched or published. */
const DENO = `
case "$*" in
  "task compile --engine "*)
    mkdir -p dist
    for target in $(${Deno.execPath()} eval '
      import { targetsOf } from "./scripts/targets.ts";
      console.log(targetsOf(Deno.args[0]).join(" "))' "$4"); do
      file=dist/port-for-$4-$target
      case $target in windows-*) file=$file.exe ;; esac
      printf '%s' '${BINARY}' >$file
      chmod 755 $file
    done
    cp $file dist/port-for ;;
  "task check" | "task test:e2e" | publish) echo "deno $* \${PORT_FOR##*/}" >>"$LOG" ;;
  *) exec ${Deno.execPath()} "$@" ;;
esac
`;

/** A gh that plays the release in a folder. */
const GH = `
echo "gh $1 $2 $3" >>"$LOG"
case "$1 $2" in
  "release view") test ! -e "$PLAYED/draft" || cat "$PLAYED/draft" ;;
  "release create" | "release upload")
    echo true >"$PLAYED/draft"
    for file; do
      case $file in dist/release/*) cp "$file" "$PLAYED" ;; esac
    done ;;
  "release edit") echo false >"$PLAYED/draft" ;;
esac
`;

const NPM = `
case $1 in
  view) exit 1 ;;
  *) echo "npm $1 \${4##*/}" >>"$LOG" ;;
esac
`;

const SAID = (name: string) => `echo "${name} $*" >>"$LOG"\n`;

const PROGRAMS = {
  deno: DENO,
  gh: GH,
  npm: NPM,
  codesign: `
    for file; do :; done
    case $* in
      *--verify*) grep -q signed "$file" ;;
      *) echo "# signed" >>"$file" ;;
    esac
  `,
  sudo: "",
  docker: SAID("docker"),
  // It reads the password: whoever writes it must not be killed by SIGPIPE.
  buildah: `${SAID("buildah")}case $1 in login) cat >/dev/null ;; esac\n`,
};

const ARCHIVES = ENGINES.flatMap((engine) =>
  targetsOf(engine).map((target) =>
    `port-for-${VERSION}-${target}${engine === "deno" ? "-deno" : ""}` +
    (TARGETS[target]!.os === "win32" ? ".zip" : ".tar.gz")
  )
);

Deno.test({
  name: "the release, rehearsed against a folder that plays it",
  ignore: !hasTool("rpmbuild", "--version") || !hasTool("zip", "--version"),
  fn: async (t) => {
    using temp = new TempFolder();
    const rehearsal = new Rehearsal(temp, PROGRAMS, `v${VERSION}`);
    await rehearsal.run();
    const { log } = rehearsal;
    const played = temp.file("played");

    await t.step("has all files", () => {
      assertEquals(
        [...Deno.readDirSync(played)].map(({ name }) => name).sort(),
        [
          ...ARCHIVES,
          "SHA256SUMS",
          "draft",
          "install.sh",
          `port-for-${VERSION}-1.aarch64.rpm`,
          `port-for-${VERSION}-1.x86_64.rpm`,
          "port-for.json",
          "port-for.rb",
          `port-for_${VERSION}_amd64.deb`,
          `port-for_${VERSION}_arm64.deb`,
        ].sort(),
      );
    });

    await t.step("with the right sums, in manifests too", async () => {
      const { status, stdout } = await runTool(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        { cwd: played },
      );
      assertEquals(status, 0, stdout);
      const sums = new Map(
        Deno.readTextFileSync(`${played}/SHA256SUMS`).trim().split("\n")
          .map((line) => line.split("  ").reverse() as [string, string]),
      );
      const formula = Deno.readTextFileSync(`${played}/port-for.rb`);
      const named = [...formula.matchAll(
        /url ".*\/(.*)"\n +sha256 "(.*)"/g,
      )];
      assertEquals(named.length, 4);
      for (const [, file, sum] of named) assertEquals(sums.get(file!), sum);
      const scoop = JSON.parse(
        Deno.readTextFileSync(`${played}/port-for.json`),
      ).architecture["64bit"];
      assertEquals(sums.get(scoop.url.replace(/^.*\//, "")), scoop.hash);
    });

    await t.step("all of them attested", () => {
      assertEquals(
        log.filter((line) => line.startsWith("attest "))
          .map((line) => line.replace(/^.*\//, "")).sort(),
        [...Deno.readDirSync(played)].map(({ name }) => name)
          .filter((name) => name !== "draft").sort(),
      );
    });

    await t.step("with binaries for macOS that were signed", async () => {
      for (const archive of ARCHIVES.filter((name) => name.endsWith("gz"))) {
        const { stdout } = await runTool(
          ["tar", "-xzOf", archive, "--wildcards", "*/port-for"],
          { cwd: played },
        );
        assertEquals(stdout.includes("# signed"), archive.includes("darwin"));
      }
    });

    await t.step("each tested before anything is published", () => {
      const first = log.findIndex((line) => line.startsWith("attest "));
      const tested = log.slice(0, first);
      for (
        const { binary } of jobsOf("release.yml").test!.strategy!.matrix.include
      ) {
        assert(tested.includes(`deno task test:e2e ${binary}`), binary);
      }
      assertEquals(
        tested.filter((line) => line.startsWith("docker ")).length,
        6,
      );
      assert(
        !tested.some((line) => /^(gh|npm|buildah|deno publish)/.test(line)),
      );
    });

    await t.step(
      "is made public last, npm's launcher after what it needs",
      () => {
        assertEquals(log.at(-1), `gh release edit v${VERSION}`);
        const published = log.filter((line) => line.startsWith("npm publish"));
        assertEquals(published.length, 8);
        assertEquals(published.at(-1), `npm publish port-for-${VERSION}.tgz`);
        assert(log.some((line) => line.startsWith("deno publish")));
        assertEquals(
          log.filter((line) => line.includes("manifest push"))
            .map((line) => line.replace(/^.* docker:\/\//, "")),
          [VERSION, `${VERSION}-musl`].map((tag) =>
            `ghcr.io/x/port-for:${tag}`
          ),
        );
      },
    );

    await t.step("with npm packages that say where they run", async () => {
      const run = await npmPackages(temp.file("artifacts/packages/npm"));
      const launcher = run.get("port-for")!;
      run.delete("port-for");
      assertEquals(
        launcher.optionalDependencies,
        Object.fromEntries([...run.keys()].map((name) => [name, VERSION])),
      );
      for (const { os, cpu, libc } of Object.values(TARGETS)) {
        const name = `@port-for/${os}-${cpu}${libc === "musl" ? "-musl" : ""}`;
        const { os: [onOs], cpu: [onCpu], libc: [onLibc] = [] } = run.get(
          name,
        )!;
        assertEquals([onOs, onCpu, onLibc], [os, cpu, libc]);
      }
    });

    await t.step("with a zip for Windows", async () => {
      const { stdout } = await runTool(
        ["unzip", "-Z1", `port-for-${VERSION}-windows-x64-deno.zip`],
        { cwd: played },
      );
      const folder = `port-for-${VERSION}-windows-x64-deno`;
      assert(stdout.split("\n").includes(`${folder}/port-for.exe`), stdout);
    });

    await t.step("can be installed", async () => {
      const { status, stdout, stderr } = await runTool(
        ["sh", `${played}/install.sh`],
        {
          env: {
            PORT_FOR_VERSION: `v${VERSION}`,
            PORT_FOR_BASE_URL: `file://${played}`,
            PORT_FOR_BIN: temp.file("prefix/bin"),
          },
        },
      );
      assertEquals(status, 0, stderr);
      assertMatch(stdout, new RegExp(`^port-for ${VERSION} is now `));
    });
  },
});

interface NpmManifest {
  readonly name: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly os: readonly string[];
  readonly cpu: readonly string[];
  readonly libc?: readonly string[];
}

/** The manifests of the npm packages in a folder, by their names. */
async function npmPackages(
  folder: string,
): Promise<Map<string, NpmManifest>> {
  const manifests = new Map<string, NpmManifest>();
  for (const { name } of Deno.readDirSync(folder)) {
    const { stdout } = await runTool(
      ["tar", "-xzOf", `${folder}/${name}`, "package/package.json"],
    );
    const manifest: NpmManifest = JSON.parse(stdout);
    manifests.set(manifest.name, manifest);
  }
  return manifests;
}

Deno.test("a release is refused whose tag is not the version", async () => {
  const { status, stderr } = await runTool([
    ...["sh", "scripts/release/check_tag.sh", "v0.0.1"],
  ]);
  assertEquals(
    stderr,
    `cannot release v0.0.1: deno.json says ${VERSION} (see ` +
      `.github/RELEASING.md)\n`,
  );
  assertEquals(status, 1);
});

Deno.test("a release that is public is not written to again", async () => {
  using temp = new TempFolder();
  temp.write("gh", `#!/bin/sh\necho "$*" >>${temp.file("log")}\necho false\n`);
  Deno.chmodSync(temp.file("gh"), 0o755);
  const { status, stderr } = await runTool(
    ["sh", "scripts/release/draft_on_github.sh", temp.path, "v1.0.0", "notes"],
    { env: { PATH: `${temp.path}:${Deno.env.get("PATH")}` } },
  );
  assertMatch(stderr, /^cannot draft the release v1\.0\.0: it is public .+\n$/);
  assertEquals(status, 1);
  assertEquals(temp.read("log").trim().split("\n").length, 1);
});

Deno.test("npm packages that are there already are not published again", async () => {
  using temp = new TempFolder();
  for (
    const name of ["@port-for/linux-x64", "@port-for/darwin-x64", "port-for"]
  ) {
    Deno.mkdirSync(temp.file("package"), { recursive: true });
    temp.write(
      "package/package.json",
      JSON.stringify({ name, version: "1.0.0" }, null, 2),
    );
    const file = `${name.replace("@", "").replace("/", "-")}-1.0.0.tgz`;
    await runTool(["tar", "-czf", file, "package"], { cwd: temp.path });
  }
  temp.write(
    "npm",
    `#!/bin/sh
echo "$*" >>${temp.file("log")}
case $* in
  publish* | "view @port-for/linux-x64@1.0.0 version") ;;
  *) exit 1 ;;
esac
`,
  );
  Deno.chmodSync(temp.file("npm"), 0o755);
  const { status } = await runTool(
    ["sh", "scripts/release/publish_npm.sh", temp.path, "1.0.0"],
    { env: { PATH: `${temp.path}:${Deno.env.get("PATH")}` } },
  );
  assertEquals(status, 0);
  assertEquals(
    temp.read("log").trim().split("\n").filter((line) =>
      line.startsWith("publish")
    ),
    ["port-for-darwin-x64-1.0.0.tgz", "port-for-1.0.0.tgz"].map((file) =>
      `publish --access public ${temp.file(file)}`
    ),
  );
});

Deno.test("every action is pinned by its commit", () => {
  for (const { name } of Deno.readDirSync(`${PROJECT}/.github/workflows`)) {
    const text = Deno.readTextFileSync(`${PROJECT}/.github/workflows/${name}`);
    const uses = text.match(/uses: .*/g) ?? [];
    assert(uses.length > 0, name);
    for (const use of uses) {
      assertMatch(use, /^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  }
});

Deno.test({
  name: "the scripts of a release have nothing that shellcheck minds",
  ignore: !hasTool("shellcheck", "--version"),
  fn: async () => {
    const { stdout } = await runTool([
      ...["sh", "-c"],
      "shellcheck scripts/release/*.sh scripts/package/*.sh scripts/*.sh",
    ]);
    assertEquals(stdout, "");
  },
});
