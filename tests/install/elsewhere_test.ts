/**
 * Binaries for other machines, as far as they can be run on this one.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { hasTool } from "../support/tools.ts";
import { assertGivesPort, task } from "./packaged.ts";

const isX64 = Deno.build.os === "linux" && Deno.build.arch === "x86_64";

Deno.test({
  name: "the binary for linux-arm64 works, by qemu",
  ignore: !isX64 || !hasTool("qemu-aarch64-static", "--version"),
  fn: async () => {
    using temp = new TempFolder();
    const binary = await compiled("linux-arm64", temp);
    await assertGivesPort(
      // The libraries of Debian's libc6-arm64-cross.
      ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", binary],
      temp,
    );
  },
});

Deno.test({
  name: "the binary for linux-x64-musl needs nothing but musl and libstdc++",
  ignore: !isX64 || !hasTool("readelf", "--version"),
  fn: async () => {
    using temp = new TempFolder();
    const binary = await compiled("linux-x64-musl", temp);
    const { stdout } = await runTool(
      ["readelf", "--dynamic", "--program-headers", binary],
    );
    assertMatch(stdout, /interpreter: \/lib\/ld-musl-x86_64\.so\.1\]/);
    assertEquals(
      [...stdout.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name),
      ["libstdc++.so.6", "libc.musl-x86_64.so.1"],
    );
    if (!hasTool("test", "-e", "/lib/ld-musl-x86_64.so.1")) return;

    // install.sh tells people on Alpine what to add.
    const { status, stderr } = await runTool([binary, "--version"]);
    assertMatch(stderr, /^Error loading shared library libstdc\+\+\.so\.6: /);
    assertEquals(status, 127);
  },
});

async function compiled(target: string, temp: TempFolder): Promise<string> {
  const dist = temp.file("dist");
  const { status, stderr } = await task(
    ...["compile", "--engine", "bun", "--target", target, "--out", dist],
  );
  assertEquals(status, 0, stderr);
  return `${dist}/port-for-bun-${target}`;
}
