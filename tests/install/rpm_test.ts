import { assert, assertEquals, assertMatch } from "@std/assert";
import { hasTool } from "../support/tools.ts";
import { runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { canCopyMachine, inCopyOfMachine } from "./copy_of_machine.ts";
import { packaged, trap } from "./packaged.ts";

Deno.test({
  name: "the RPM package",
  ignore: !hasTool("rpmbuild", "--version"),
  fn: async (t) => {
    using temp = new TempFolder();
    const { dist, binary } = await packaged(temp, "rpm");
    const name = [...Deno.readDirSync(`${dist}/release`)]
      .map(({ name }) => name).find((name) => name.endsWith(".rpm"))!;
    const rpm = `${dist}/release/${name}`;

    await t.step(
      "needs the C library, and nothing that is not everywhere",
      async () => {
        const database = `--dbpath=${temp.file("db")}`;
        const words = ["rpm", database, "-qp", "--requires", rpm];
        const { stdout } = await runTool(words);
        const needed = stdout.trim().split("\n").map((line) =>
          line.replace(/[( ].*/, "")
        );
        assertEquals(
          [...new Set(needed)].filter((name) =>
            !/^(lib(c|m|dl|pthread)|ld-linux-.*)\.so\.\d$/.test(name)
          ),
          ["rpmlib"],
        );
      },
    );

    await t.step({
      name: "comes and goes, and leaves the administrator's store",
      ignore: !canCopyMachine,
      fn: async () => {
        const { status, stdout, stderr } = await inCopyOfMachine(
          `
          dpkg --no-triggers --purge --force-depends python3-port-for >/dev/null 2>&1
          rpm --dbpath=/var/lib/rpm --install --nodeps --force-debian '${rpm}'
          cmp /usr/bin/port-for '${binary}'
          cd '${trap(temp)}'
          port-for web
          rpm --dbpath=/var/lib/rpm --verify --nodeps port-for
          rpm --dbpath=/var/lib/rpm --query --list port-for
          rpm --dbpath=/var/lib/rpm --erase port-for
          test -s /etc/port-for.toml
          ! test -e /usr/bin/port-for
          `,
          temp,
        );
        assertEquals(status, 0, stdout + stderr);
        assertMatch(stdout, /^\d+\n/);
        assert(stdout.includes("/usr/share/man/man1/port-for.1.gz\n"), stdout);
        const [, left] = stdout.split(/^left:$/m);
        assertEquals(left!.trim().split("\n").sort(), [
          "./etc/port-for.toml",
          "./etc/port-for.toml.lock",
        ]);
      },
    });
  },
});
