import { assert, assertEquals, assertMatch } from "@std/assert";
import { hasTool } from "../support/tools.ts";
import { runTool, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { canCopyMachine, inCopyOfMachine } from "./copy_of_machine.ts";
import { assertGivesPort, packaged, trap } from "./packaged.ts";

Deno.test({
  name: "the Debian package",
  ignore: !hasTool("dpkg-deb", "--version"),
  fn: async (t) => {
    using temp = new TempFolder();
    const { dist, binary } = await packaged(temp, "deb");
    const name = [...Deno.readDirSync(`${dist}/release`)]
      .map(({ name }) => name).find((name) => name.endsWith(".deb"))!;
    const deb = `${dist}/release/${name}`;

    await t.step("holds the binary as it was compiled", async () => {
      await runTool(["dpkg-deb", "--extract", deb, temp.file("tree")]);
      const packed = temp.file("tree/usr/bin/port-for");
      assertEquals((await runTool(["cmp", binary, packed])).status, 0);
      await assertGivesPort([packed], temp);
    });

    await t.step({
      name: "has nothing that lintian minds",
      ignore: !hasTool("lintian", "--version"),
      fn: async () => {
        const { status, stdout } = await runTool(
          ["lintian", "--allow-root", "--tag-display-limit=0", deb],
          { env: { HOME: "/root" } },
        );
        assertEquals(stdout, "");
        assertEquals(status, 0);
      },
    });

    await t.step({
      name: "comes and goes, and leaves the administrator's store",
      ignore: !canCopyMachine,
      fn: async () => {
        const { status, stdout, stderr } = await inCopyOfMachine(
          `
          dpkg --no-triggers --purge --force-depends python3-port-for >/dev/null 2>&1
          dpkg --no-triggers --path-include='/usr/share/*' --install '${deb}'
          cmp /usr/bin/port-for '${binary}'
          cd '${trap(temp)}'
          port-for web
          test -r /usr/share/man/man1/port-for.1.gz
          for file in bash-completion/completions/port-for \\
            zsh/vendor-completions/_port-for \\
            fish/vendor_completions.d/port-for.fish; do
            test -r /usr/share/$file
          done
          dpkg --no-triggers --remove port-for
          test -s /etc/port-for.toml
          echo purging:
          dpkg --no-triggers --purge port-for
          ! test -e /usr/bin/port-for
          `,
          temp,
        );
        assertEquals(status, 0, stdout + stderr);
        assertMatch(stdout, /^\d+$/m);
        assert(!stdout.includes("stripped"), stdout);
        const [, purged, left] = stdout.split(/^(?:purging|left):$/m);
        assertMatch(purged!, /port-for: \/etc\/port-for\.toml is left/);
        assertEquals(left!.trim().split("\n").sort(), [
          "./etc/port-for.toml",
          "./etc/port-for.toml.lock",
        ]);
      },
    });

    await t.step({
      name: "takes no other package's program away unseen",
      ignore: !canCopyMachine || !works("dpkg", "-s", "python3-port-for"),
      fn: async () => {
        const { status, stderr } = await inCopyOfMachine(
          `dpkg --install '${deb}'`,
          temp,
        );
        assert(status !== 0);
        assertMatch(stderr, /port-for conflicts with python3-port-for/);
      },
    });
  },
});
