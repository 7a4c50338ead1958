/**
 * Binaries for other machines, as far as they can be run on this one.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { VERSION } from "../../lib/version.ts";
import { runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { hasTool } from "../support/tools.ts";
import { Machine } from "./machine.ts";
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
  name: "the binary for linux-x64-musl needs libstdc++, and install.sh says so",
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

    const dist = temp.file("dist");
    await task("package", "--dist", dist, "--only=archive", "--level=1");
    const machine = await Machine.in(temp, { ldd: "musl" });
    const { status, stderr } = await machine.install(["dash"], {
      PORT_FOR_BASE_URL: `file://${dist}/release`,
      PORT_FOR_BIN: temp.file("bin"),
      PORT_FOR_VERSION: `v${VERSION}`,
    });
    assert(stderr.includes("library libstdc++.so.6"), stderr);
    assert(stderr.includes("(with musl it needs libstdc++: apk add "), stderr);
    assertEquals(status, 1);
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
