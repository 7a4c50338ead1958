/**
 * What install.sh leaves behind: when it ends well, when it is killed, when two
 * run at once, and when it takes away what it has installed.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { canCopyMachine, inCopyOfMachine } from "./copy_of_machine.ts";
import { BINARY, FILE, PAPERS, release, serving } from "./fake_release.ts";
import { INSTALL_SH, shellPath } from "./machine.ts";
import { OLD, type Place, testInstall } from "./place.ts";

testInstall("puts the man page and completions into place", async (place) => {
  await using server = serving(await release());
  for (let i = 0; i < 2; i++) {
    assertEquals((await place.install(server)).status, 0);
    for (const [paper, path] of Object.entries(PAPERS)) {
      assertEquals(Deno.readTextFileSync(`${place.share}/${path}`), paper);
      assertEquals(
        Deno.statSync(`${place.share}/${path}`).mode! & 0o777,
        0o644,
      );
    }
  }
});

testInstall(
  "installs for others to read, whatever the umask",
  async (place) => {
    await using server = serving(await release());
    const { status } = await place.install(server, {}, {
      prefix: ["sh", "-c", 'umask 077 && exec "$@"', "sh"],
    });
    assertEquals(status, 0);
    for (const line of await place.tree()) {
      assertMatch(line, /^(755|644 f) /);
    }
  },
);

testInstall(
  "installs without a place for papers, and says so",
  async (place) => {
    Deno.mkdirSync(place.temp.file("prefix"));
    place.temp.write("prefix/share", "no folder");
    await using server = serving(await release());
    const { status, stderr } = await place.install(server);
    assertMatch(
      stderr,
      /the man page and completions were left out: .+\/share\n$/,
    );
    assertEquals(status, 0);
    assertEquals(place.installed(), BINARY);
    assertEquals((await place.uninstall()).status, 0);
    assertEquals(place.names(), []);
  },
);

testInstall("--uninstall takes away all that it put there", async (place) => {
  await using server = serving(await release());
  Deno.mkdirSync(`${place.share}/man`, { recursive: true });
  place.temp.write("prefix/share/man/other.1", "of another program");
  const before = await place.tree();
  for (const installs of [1, 2]) {
    for (let i = 0; i < installs; i++) await place.install(server);
    const { status, stdout, stderr } = await place.uninstall();
    assertEquals(stderr, "");
    assert(
      stdout.startsWith(`port-for is no longer in ${place.bin}\n`),
      stdout,
    );
    assertEquals(status, 0);
    assertEquals(await place.tree(), before);
  }
});

testInstall(
  "--uninstall leaves what came into its folders since",
  async (place) => {
    await using server = serving(await release());
    await place.install(server);
    Deno.writeTextFileSync(`${place.bin}/other`, "");
    assertEquals((await place.uninstall()).status, 0);
    assertEquals(place.names(), ["other"]);
  },
);

testInstall("--uninstall names the stores that it leaves", async (place) => {
  await using server = serving(await release());
  await place.install(server);
  const state = place.temp.file("state");
  Deno.mkdirSync(`${state}/port-for`, { recursive: true });
  const own = place.temp.write("state/port-for/port-for.toml", "");
  const other = place.temp.write("other store.toml", "");
  const { stdout } = await place.uninstall({
    XDG_STATE_HOME: state,
    PORT_FOR_STORE: other,
  });
  for (const store of [own, other]) {
    assert(stdout.includes(`\nleft as it is: ${store} (remove it `), stdout);
  }
});

testInstall("--uninstall says that nothing is installed", async (place) => {
  const { status, stderr } = await place.uninstall();
  assertEquals(
    stderr,
    `install port-for: cannot uninstall: there is no ${place.bin}/port-for ` +
      `(set PORT_FOR_BIN to the folder that it is in)\n`,
  );
  assertEquals(status, 1);
});

testInstall("does not know another argument", async (place) => {
  const { status, stderr } = await place.machine.install(
    place.shell,
    { PATH: place.machine.path },
    { args: ["--remove"] },
  );
  assertMatch(
    stderr,
    /^install port-for: unknown argument --remove: not .+\n$/,
  );
  assertEquals(status, 2);
});

testInstall("leaves no folder where it could not install", async (place) => {
  await using server = serving(
    await release({ others: { [FILE]: { status: 404 } } }),
  );
  Deno.mkdirSync(place.temp.file("prefix"));
  const before = await place.tree();
  assertEquals((await place.install(server)).status, 1);
  assertEquals(await place.tree(), before);
});

testInstall("replaces a program that runs", async (place) => {
  Deno.mkdirSync(place.bin, { recursive: true });
  Deno.copyFileSync("/bin/cat", `${place.bin}/port-for`);
  const running = new Deno.Command(`${place.bin}/port-for`, {
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  await using server = serving(await release());
  const { status, stderr } = await place.install(server);
  assertEquals(stderr, "");
  assertEquals(status, 0);
  const writer = running.stdin.getWriter();
  await writer.write(new TextEncoder().encode("still here"));
  await writer.close();
  const { stdout } = await running.output();
  assertEquals(new TextDecoder().decode(stdout), "still here");
});

testInstall("runs several times at once", async (place) => {
  await using server = serving(await release());
  Deno.mkdirSync(place.temp.file("prefix"));
  const before = await place.tree();
  const outcomes = await Promise.all(
    [1, 2, 3, 4].map(() => place.install(server)),
  );
  for (const { status, stderr } of outcomes) assertEquals(status, 0, stderr);
  assertEquals(place.installed(), BINARY);
  assertEquals(place.names(), ["port-for"]);
  assertEquals((await place.uninstall()).status, 0);
  assertEquals(await place.tree(), before);
});

testInstall("leaves another run's work alone", async (place) => {
  await using stalling = serving(
    await release({ others: { [FILE]: { body: "half", halfway: "stall" } } }),
  );
  const process = new Deno.Command("setsid", {
    args: [...shellPath(place.shell), INSTALL_SH],
    env: place.environment(stalling),
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await stalling.stalled;
  await using server = serving(await release());
  assertEquals((await place.install(server)).status, 0);
  assertEquals(place.names().length, 2);
  await runTool(["kill", "-TERM", "--", `-${process.pid}`]);
  await process.status;
  assertEquals(place.names(), ["port-for"]);
  assertEquals(place.installed(), BINARY);
});

testInstall(
  "never leaves half a program, killed before any of its steps",
  async (place) => {
    const files = filesIn(place, await release());
    const steps = stepsOf(place);
    Deno.mkdirSync(`${place.share}/port-for`, { recursive: true });
    const before = await place.tree();
    const run = (PATH: string, env: Record<string, string> = {}) =>
      runTool(
        ["/usr/bin/setsid", "--wait", ...shellPath(place.shell), INSTALL_SH],
        {
          env: {
            PATH,
            PORT_FOR_BASE_URL: files,
            PORT_FOR_BIN: place.bin,
            ...env,
          },
        },
      );
    let killed = 0;
    for (;; killed++) {
      const old = killed % 2 === 0;
      if (old) place.putOld();
      place.temp.write("steps.count", "");
      const { status } = await run(steps, { KILL_AT: `${killed + 1}` });
      assert([old ? OLD : undefined, BINARY].includes(place.installed()));
      assertEquals((await run(place.machine.path)).status, 0);
      assertEquals(place.names(), ["port-for"]);
      assertEquals((await place.uninstall()).status, 0);
      if (old) Deno.removeSync(place.bin, { recursive: true });
      Deno.mkdirSync(`${place.share}/port-for`, { recursive: true });
      assertEquals(await place.tree(), before, `killed at ${killed + 1}`);
      if (status === 0) break;
    }
    assert(killed > 30, `${killed} steps`);
  },
  { shells: [["dash"]] },
);

/** Puts a release into a folder. Returns its address. */
function filesIn(
  place: Place,
  files: Awaited<ReturnType<typeof release>>,
): string {
  Deno.mkdirSync(place.temp.file("release"));
  for (const [name, { body }] of Object.entries(files)) {
    place.temp.write(`release/${name}`, body!);
  }
  return `file://${place.temp.file("release")}`;
}

/** Tools of which the one that is called as number KILL_AT kills the script. */
function stepsOf(place: Place): string {
  const count = place.temp.file("steps.count");
  Deno.mkdirSync(place.temp.file("steps"));
  for (const { name } of Deno.readDirSync(place.machine.path)) {
    const path = place.temp.write(
      `steps/${name}`,
      `#!/bin/sh
      echo >>'${count}'
      [ "$(/usr/bin/wc -l <'${count}')" -lt "$KILL_AT" ] || kill -KILL 0
      exec '${place.machine.path}/${name}' "$@"
      `,
    );
    Deno.chmodSync(path, 0o755);
  }
  return place.temp.file("steps");
}

Deno.test({
  name: "install.sh as root makes /usr/local/bin, and --uninstall unmakes it",
  ignore: !canCopyMachine,
  fn: async () => {
    using temp = new TempFolder();
    for (const [name, { body }] of Object.entries(await release())) {
      temp.write(name, body!);
    }
    Deno.copyFileSync(INSTALL_SH, temp.file("install.sh"));
    const { status, stdout, stderr } = await inCopyOfMachine(
      `
      rm -rf /usr/local/bin /usr/local/share
      echo 'version = 1' >/etc/port-for.toml
      export PORT_FOR_BASE_URL=file://$PWD
      sh install.sh
      cat /usr/local/share/man/man1/port-for.1
      sh install.sh --uninstall
      ! test -e /usr/local/bin
      ! test -e /usr/local/share
      `,
      temp,
    );
    assertEquals(status, 0, stdout + stderr);
    assertMatch(stdout, /is now \/usr\/local\/bin\/port-for\n/);
    assertMatch(stdout, /left as it is: \/etc\/port-for\.toml /);
    assertMatch(stdout, /left:\n\.\/etc\/port-for\.toml\n$/);
  },
});
