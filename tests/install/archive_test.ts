import { assert, assertEquals, assertMatch } from "@std/assert";
import { thisMachine } from "../../scripts/targets.ts";
import { VERSION } from "../../lib/version.ts";
import { hasTool } from "../support/tools.ts";
import { runTool, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { assertGivesPort, packaged, task } from "./packaged.ts";

const FOLDER = `port-for-${VERSION}-${thisMachine()}`;

Deno.test("deno task package writes an archive that is all of port-for", {
  ignore: Deno.build.os !== "linux",
}, async (t) => {
  using temp = new TempFolder();
  const { dist, binary } = await packaged(temp, "archive");
  const release = `${dist}/release`;

  await t.step("with sums that sha256sum finds right", async () => {
    const { status, stdout } = await runTool(
      ["sha256sum", "--check", "SHA256SUMS"],
      { cwd: release },
    );
    assertEquals(status, 0);
    assertEquals(
      stdout.trim().split("\n"),
      ["install.sh", `${FOLDER}.tar.gz`, "port-for.rb"].map((name) =>
        `${name}: OK`
      ),
    );
  });

  await t.step("with everything in it, readable by all", async () => {
    await runTool(["tar", "-xzf", `${release}/${FOLDER}.tar.gz`], {
      cwd: temp.path,
    });
    const { stdout } = await runTool(
      ["find", FOLDER, "-type", "f", "-printf", "%m %P\n"],
      { cwd: temp.path },
    );
    assertEquals(stdout.trim().split("\n").sort(), [
      "644 LICENSE",
      "644 README.md",
      "644 completions/_port-for",
      "644 completions/port-for.bash",
      "644 completions/port-for.fish",
      "644 port-for.1",
      "755 port-for",
    ]);
    const page = temp.read(`${FOLDER}/port-for.1`);
    assert(page.includes(`"port-for ${VERSION}"`), page);
    for (const name of ["_port-for", "port-for.bash", "port-for.fish"]) {
      assertMatch(
        temp.read(`${FOLDER}/completions/${name}`),
        /--unbind|unbind/,
      );
    }
  });

  await t.step("whose binary is what was compiled, and runs", async () => {
    const unpacked = temp.file(`${FOLDER}/port-for`);
    const { status } = await runTool(["cmp", binary, unpacked]);
    assertEquals(status, 0);
    await assertGivesPort([unpacked], temp);
  });

  await t.step("that install.sh installs", async () => {
    const { status, stderr } = await runTool(["sh", `${release}/install.sh`], {
      env: {
        PORT_FOR_BASE_URL: `file://${release}`,
        PORT_FOR_BIN: temp.file("prefix/bin"),
      },
    });
    assertEquals(stderr, "");
    assertEquals(status, 0);
    await assertGivesPort([temp.file("prefix/bin/port-for")], temp);
  });

  await t.step({
    name: "that a formula names with its sum",
    fn: async () => {
      const formula = Deno.readTextFileSync(`${release}/port-for.rb`);
      const [, sum] = /sha256 "(.*)"/.exec(formula)!;
      const sums = Deno.readTextFileSync(`${release}/SHA256SUMS`);
      assert(sums.includes(`${sum}  ${FOLDER}.tar.gz`));
      assert(formula.includes(`/v${VERSION}/${FOLDER}.tar.gz"`), formula);
      if (hasRuby) {
        assertEquals(
          (await runTool(["ruby", "-c", `${release}/port-for.rb`])).status,
          0,
        );
      }
    },
  });

  await t.step("that is the same, byte for byte, when made again", async () => {
    const before = Deno.readTextFileSync(`${release}/SHA256SUMS`);
    await task("package", "--dist", dist, "--only", "archive", "--level", "1");
    assertEquals(Deno.readTextFileSync(`${release}/SHA256SUMS`), before);
  });

  await t.step("or else there are no sizes to tell", async () => {
    Deno.mkdirSync(temp.file("other"));
    Deno.linkSync(binary, temp.file(`other/${binary.replace(/^.*\//, "")}`));
    const other = await task(
      "package",
      "--dist",
      temp.file("other"),
      "--table",
    );
    assertMatch(other.stderr, /^package: cannot tell sizes: .+ \(.+\)\n$/);
    assertEquals(other.status, 1);
  });

  await t.step("whose size and needs stand in a table", async () => {
    const { status, stdout } = await task("package", "--dist", dist, "--table");
    assertEquals(status, 0);
    const [head, , row] = stdout.split("\n").map((line) => line.split(" | "));
    assertEquals(head!.length, row!.length);
    assertEquals(row![0], `| ${FOLDER}.tar.gz`);
    const { size } = Deno.statSync(binary);
    assertEquals(row![2], `${(size / 1e6).toFixed(1)} MB`);
    assertMatch(row![3]!, /^\d+\.\d MB$/);
    assertMatch(row![4]!, /^\d+\.\d ms$/);
    assertMatch(row![5]!, /^glibc 2\.\d+$/);
  });
});

const hasRuby = works("ruby", "--version");

Deno.test({
  name: "a stripped binary runs a folder's script instead of port-for",
  ignore: !hasTool("strip", "--version"),
  fn: async () => {
    using temp = new TempFolder();
    const { binary } = await packaged(temp, "image");
    await runTool(["strip", "-o", temp.file("stripped"), binary]);
    const { failed } = await assertGivesPort([temp.file("stripped")], temp)
      .then(() => ({ failed: false }), () => ({ failed: true }));
    assert(failed, "the trap finds nothing");
  },
});

Deno.test("deno task package refuses what it does not know, with status 2", async () => {
  using temp = new TempFolder();
  const wrong: [string[], RegExp][] = [
    [["--only", "archive,exe"], /^package: unknown kind exe\n/],
    [["--level", "11"], /^package: unknown --level 11: not 1 to 9\n/],
    [["--fast"], /^package: unknown argument --fast\n/],
  ];
  for (const [args, message] of wrong) {
    const { status, stderr } = await task(
      "package",
      "--dist",
      temp.path,
      ...args,
    );
    assertMatch(stderr, message);
    assertEquals(status, 2);
  }
  assertEquals(temp.names(), []);
});

Deno.test("deno task package says that nothing was compiled", async () => {
  using temp = new TempFolder();
  const { status, stderr } = await task("package", "--dist", temp.path);
  assertMatch(stderr, /^package: cannot package anything: .+ \(.+\)\n$/);
  assertEquals(status, 1);
  assertEquals(temp.names(), []);
});
