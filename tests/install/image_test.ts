import { assertEquals, assertFalse, assertMatch } from "@std/assert";
import { VERSION } from "../../lib/version.ts";
import { PROJECT, runTool } from "../support/program.ts";
import { recipe } from "../support/recipe.ts";
import { TempFolder } from "../support/temp.ts";
import { hasTool } from "../support/tools.ts";
import { packaged } from "./packaged.ts";

/** Copies port-for from the image, and runs it from there. */
const DOCKERFILE = `\
FROM scratch
COPY root/ /
COPY --from=localhost/port-for:${VERSION} /port-for /usr/local/bin/
COPY --from=localhost/port-for:${VERSION}-musl /port-for /musl
RUN port-for web >/copied
RUN --mount=type=bind,from=localhost/port-for:${VERSION},target=/tools \\
  /tools/port-for web >/mounted
`;

Deno.test({
  name: "the images are a place to copy port-for from",
  ignore: !hasTool("buildah", "--version") || Deno.build.arch !== "x86_64",
  fn: async () => {
    using temp = new TempFolder();
    const { dist, binary } = await packaged(
      temp,
      "image",
      ["linux-arm64", "linux-x64-musl", "linux-arm64-musl"],
    );
    temp.write(
      "storage.conf",
      `[storage]
driver = "vfs"
graphroot = "${temp.file("images")}"
runroot = "${temp.file("run")}"
`,
    );
    const env = {
      CONTAINERS_STORAGE_CONF: temp.file("storage.conf"),
      BUILDAH_ISOLATION: "chroot",
    };
    const succeed = async (...words: string[]) => {
      const { status, stdout, stderr } = await runTool(words, { env });
      assertEquals(status, 0, stdout + stderr);
      return stdout;
    };
    await succeed(
      `${PROJECT}/scripts/package/images.sh`,
      `${dist}/image`,
      VERSION,
    );
    for (const tag of [VERSION, `${VERSION}-musl`]) {
      const manifest = JSON.parse(
        await succeed(
          ...["buildah", "manifest", "inspect", `localhost/port-for:${tag}`],
        ),
      );
      assertEquals(
        manifest.manifests.map((
          { platform }: { platform: Record<string, string> },
        ) => `${platform.os}/${platform.architecture}`).sort(),
        ["linux/amd64", "linux/arm64"],
      );
    }

    Deno.mkdirSync(temp.file("user"));
    temp.write("user/Dockerfile", DOCKERFILE);
    await rootWith(temp.file("user/root"), ["/bin/sh", binary]);
    await succeed(
      ...["buildah", "build", `--output=${temp.file("built")}`],
      temp.file("user"),
    );
    const port = temp.read("built/copied");
    assertMatch(port, /^\d+\n$/);
    assertEquals(temp.read("built/mounted"), port);
    assertMatch(temp.read("built/etc/port-for.toml"), /^web = \d+$/m);
    assertEquals(temp.read("built/musl"), "linux-x64-musl\n");
    const copy = temp.file("built/usr/local/bin/port-for");
    assertEquals((await runTool(["cmp", binary, copy])).status, 0);

    const [whileBuilding = "", atRunTime = ""] = recipe("docker").map(onHand);
    temp.write("user/Dockerfile", whileBuilding);
    await succeed(
      ...["buildah", "build", `--output=${temp.file("mounted")}`],
      temp.file("user"),
    );
    assertEquals(temp.read("mounted/etc/environment"), `WEB_PORT=${port}`);
    assertFalse(existsAt(temp.file("mounted/usr/local/bin/port-for")));

    temp.writeProgram("user/root/bin/shop-server", '#!/bin/sh\necho "$$ $*"\n');
    temp.write("user/Dockerfile", atRunTime);
    await succeed("buildah", "build", "--tag=shop", temp.file("user"));
    const container = (await succeed("buildah", "from", "shop")).trimEnd();
    const [, command = "[]"] = /^CMD (.*)$/m.exec(atRunTime) ?? [];
    assertMatch(
      await succeed("buildah", "run", container, ...JSON.parse(command)),
      new RegExp(`^\\d+ --port ${port}$`, "m"),
    );
  },
});

/** A recipe with images that there are here. */
function onHand(block: string): string {
  return block.replace("FROM debian:12-slim\n", "FROM scratch\nCOPY root/ /\n")
    .replace(`ghcr.io/x/port-for:${VERSION}`, `localhost/port-for:${VERSION}`);
}

function existsAt(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A root with a shell and the libraries that some programs need. */
async function rootWith(root: string, programs: string[]): Promise<void> {
  const { stdout } = await runTool(["ldd", ...programs]);
  const libraries = stdout.match(/(?<=[\t ])\/lib\S+(?= )/g) ?? [];
  for (const path of ["/bin/sh", ...libraries]) {
    Deno.mkdirSync(`${root}${path.replace(/\/[^/]*$/, "")}`, {
      recursive: true,
    });
    Deno.copyFileSync(path, `${root}${path}`);
  }
  for (const folder of ["etc", "tmp"]) Deno.mkdirSync(`${root}/${folder}`);
}
