import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Answer, WebServer } from "../support/http.ts";
import { runTool, works } from "../support/program.ts";
import { hasTool } from "../support/tools.ts";
import { BINARY, FILE, release, serving } from "./fake_release.ts";
import { OLD, type Place, testInstall } from "./place.ts";
import { INSTALL_SH, type MachineFacts, shellPath, SHELLS } from "./machine.ts";

/** A user who owns nothing, where this one may become that one. */
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

Deno.test({
  name: "install.sh has nothing that shellcheck minds",
  ignore: !hasTool("shellcheck", "--version"),
  fn: async () => {
    const { stdout } = await runTool(["shellcheck", INSTALL_SH]);
    assertEquals(stdout, "");
  },
});

for (const shell of SHELLS) {
  const test = (
    title: string,
    run: (place: Place) => Promise<void>,
    facts: MachineFacts = {},
    ignore = false,
  ) => testInstall(title, run, { facts, ignore, shells: [shell] });

  test("installs the binary and says where", async (place) => {
    await using server = serving(await release());
    const { status, stdout, stderr } = await place.install(server);
    assertEquals(stderr, "");
    assertEquals(
      stdout,
      `port-for 9.9.9 is now ${place.bin}/port-for\n` +
        `${place.bin} is not in your PATH: add it to call port-for by its ` +
        `name\n`,
    );
    assertEquals(status, 0);
    assertEquals(place.installed(), BINARY);
    const { mode } = Deno.statSync(`${place.bin}/port-for`);
    assertEquals(mode! & 0o7777, 0o755);
    assertEquals(server.asked, ["/SHA256SUMS", `/${FILE}`]);
  });

  test("does not speak of a PATH that is right", async (place) => {
    await using server = serving(await release());
    const path = `${place.machine.path}:${place.bin}`;
    const { stdout } = await place.install(server, { PATH: path });
    assertEquals(stdout.trim().split("\n").length, 1, stdout);
  });

  test("replaces an old version", async (place) => {
    place.putOld();
    await using server = serving(await release());
    assertEquals((await place.install(server)).status, 0);
    assertEquals(place.installed(), BINARY);
  });

  test("follows a redirection, as releases are redirected", async (place) => {
    await using files = serving(await release());
    await using server = new WebServer((path) => ({
      status: 302,
      location: `${files.url}${path}`,
    }));
    assertEquals((await place.install(server)).status, 0);
    assertEquals(place.installed(), BINARY);
  });

  const failures: Record<string, [Record<string, Answer>, RegExp]> = {
    "the sum is wrong": [
      await release({ others: { [FILE]: { body: `${BINARY}# changed\n` } } }),
      /cannot install port-for-9\.9\.9-linux-x64\.tar\.gz: its SHA-256 sum is [0-9a-f]{64}, not [0-9a-f]{64} \(.+\)\n$/,
    ],
    "there is no such binary": [
      await release({ others: { [FILE]: { status: 404, body: BINARY } } }),
      /cannot download http:\S+\/port-for-9\.9\.9-linux-x64\.tar\.gz \(.+\)\n$/,
    ],
    "there is no SHA256SUMS": [
      await release({ others: { SHA256SUMS: { status: 404 } } }),
      /cannot download http:\S+\/SHA256SUMS \(.+\)\n$/,
    ],
    "SHA256SUMS does not have the binary": [
      await release({
        others: { SHA256SUMS: { body: `${"0".repeat(64)}  ${FILE}-x\n` } },
      }),
      /cannot install port-for-VERSION-linux-x64\.tar\.gz: it is not in http:\S+SHA256SUMS \(.+\)\n$/,
    ],
    "the server hangs up in the middle": [
      await release({
        others: { [FILE]: { body: BINARY, halfway: "hang up" } },
      }),
      /cannot download http:\S+\/port-for-9\.9\.9-linux-x64\.tar\.gz \(.+\)\n$/,
    ],
    "the binary does not run here": [
      await release({ binary: "#!/bin/sh\necho broken >&2\nexit 127\n" }),
      /cannot run port-for-9\.9\.9-linux-x64\.tar\.gz on this machine: broken\n$/,
    ],
  };
  for (const [why, [files, message]] of Object.entries(failures)) {
    for (const tool of ["curl", "wget"]) {
      const facts = { without: [tool === "curl" ? "wget" : "curl"] };
      const missing = !hasTool(tool, "--version");
      test(
        `and ${tool} changes nothing where ${why}`,
        async (place) => {
          await using server = serving(files);
          for (const old of [false, true]) {
            if (old) place.putOld();
            const { status, stdout, stderr } = await place.install(server);
            assertMatch(stderr, message);
            assertEquals(stdout, "");
            assertEquals(status, 1);
            assertEquals(place.names(), old ? ["port-for"] : []);
            assertEquals(place.installed(), old ? OLD : undefined);
          }
        },
        facts,
        missing,
      );
    }
  }

  for (const tool of ["curl", "wget"]) {
    test(`works without ${tool}`, async (place) => {
      await using server = serving(await release());
      const { status, stderr } = await place.install(server);
      assertEquals(stderr, "");
      assertEquals(status, 0);
      assertEquals(place.installed(), BINARY);
    }, { without: [tool] });
  }

  test("says that there is neither curl nor wget", async (place) => {
    await using server = serving(await release());
    const { status, stderr } = await place.install(server);
    assertEquals(
      stderr,
      "install port-for: cannot download: there is neither curl nor wget " +
        "(install either)\n",
    );
    assertEquals(status, 1);
    assertEquals(place.names(), []);
  }, { without: ["curl", "wget"] });

  test(
    "works with shasum alone",
    async (place) => {
      await using server = serving(await release());
      assertEquals((await place.install(server)).status, 0);
      assertEquals(place.installed(), BINARY);
    },
    { without: ["sha256sum"] },
    !works("shasum", "--version"),
  );

  test("says, once, that there is no way to check a sum", async (place) => {
    await using server = serving(await release());
    const { status, stderr } = await place.install(server);
    assertEquals(
      stderr,
      "install port-for: cannot check the download: there is neither " +
        "sha256sum nor shasum (install either)\n",
    );
    assertEquals(status, 1);
    assertEquals(place.names(), []);
  }, { without: ["sha256sum", "shasum"] });

  test("creates a folder with spaces, quotes and $ in its name", async (place) => {
    await using server = serving(await release());
    for (const folder of ["my bin/é", "it's $HOME/`x`", "*"]) {
      const bin = `${place.temp.path}/${folder}`;
      const { status, stdout } = await place.install(server, {
        PORT_FOR_BIN: bin,
      });
      assertEquals(status, 0);
      assert(stdout.includes(` is now ${bin}/port-for\n`), stdout);
      assertEquals(Deno.readTextFileSync(`${bin}/port-for`), BINARY);
    }
  });

  test("says where it cannot write", async (place) => {
    place.temp.write("file", "");
    await using server = serving(await release());
    const { status, stdout, stderr } = await place.install(server, {
      PORT_FOR_BIN: place.temp.file("file/bin"),
    });
    assertMatch(
      stderr,
      /install port-for: cannot create \/\S+\/file\/bin \(.+\)\n$/,
    );
    assertEquals(stdout, "");
    assertEquals(status, 1);
    assertEquals(server.asked, []);
  });

  test("does not take a folder for an old version", async (place) => {
    Deno.mkdirSync(`${place.bin}/port-for`, { recursive: true });
    await using server = serving(await release());
    const { status, stdout } = await place.install(server);
    assertEquals(stdout, "");
    assertEquals(status, 1);
    assertEquals([...Deno.readDirSync(`${place.bin}/port-for`)], []);
  });

  test(
    "without PORT_FOR_BIN installs into the home folder",
    async (place) => {
      const home = place.temp.file("home");
      Deno.mkdirSync(home);
      Deno.chownSync(home, 65_534, 65_534);
      Deno.chmodSync(place.temp.path, 0o755);
      await using server = serving(await release());
      const { status, stdout, stderr } = await place.install(
        server,
        { PORT_FOR_BIN: undefined, HOME: home },
        { prefix: NOBODY },
      );
      assertEquals(stderr, "");
      assertEquals(status, 0);
      assert(stdout.includes(` is now ${home}/.local/bin/port-for\n`), stdout);
      assertEquals(
        Deno.readTextFileSync(`${home}/.local/bin/port-for`),
        BINARY,
      );
    },
    {},
    !works(...NOBODY, "sh", "-c", "test ! -w /usr/local/bin"),
  );

  test(
    "without PORT_FOR_BIN and HOME says what to set",
    async (place) => {
      Deno.chmodSync(place.temp.path, 0o755);
      await using server = serving(await release());
      const { status, stderr } = await place.install(
        server,
        { PORT_FOR_BIN: undefined, HOME: undefined },
        { prefix: NOBODY },
      );
      assertEquals(
        stderr,
        "install port-for: cannot find a folder to install to: HOME is not set " +
          "(set PORT_FOR_BIN)\n",
      );
      assertEquals(status, 1);
    },
    {},
    !works(...NOBODY, "sh", "-c", "test ! -w /usr/local/bin"),
  );

  test(
    "says that a folder is somebody else's",
    async (place) => {
      Deno.mkdirSync(place.bin, { recursive: true });
      Deno.chmodSync(place.temp.path, 0o755);
      await using server = serving(await release());
      const { status, stderr } = await place.install(server, {}, {
        prefix: NOBODY,
      });
      assertMatch(
        stderr,
        /install port-for: cannot write to \/\S+\/bin \(.+\)\n$/,
      );
      assertEquals(status, 1);
      assertEquals(place.names(), []);
    },
    {},
    !works(...NOBODY, "true"),
  );

  for (const signal of ["TERM", "INT", "HUP", "KILL"]) {
    test(`leaves no half install behind on SIG${signal}`, async (place) => {
      place.putOld();
      await using server = serving(
        await release({
          others: { [FILE]: { body: BINARY, halfway: "stall" } },
        }),
      );
      const [command, ...args] = [
        // In a process group of its own, as a terminal starts it.
        ...["setsid", ...shellPath(shell), INSTALL_SH],
      ];
      const process = new Deno.Command(command!, {
        args,
        env: place.environment(server),
        clearEnv: true,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      await Promise.race([server.stalled, process.status]);
      await runTool(["kill", `-${signal}`, "--", `-${process.pid}`]);
      const { success } = await process.status;
      assert(!success);
      assertEquals(place.installed(), OLD);
      // Nobody can tidy up after SIGKILL.
      if (signal !== "KILL") assertEquals(place.names(), ["port-for"]);
    });
  }

  test("does nothing where it was cut short on its way", async (place) => {
    await using server = serving(await release());
    const script = Deno.readTextFileSync(INSTALL_SH).trimEnd();
    const cuts = [...script.matchAll(/\n/g)]
      .flatMap(({ index }) => [index, index + 9])
      .filter((cut) => cut < script.length);
    const run = `for cut in "$@"; do
      head -c "$cut" "$0" | ${shellPath(shell).join(" ")}
    done >/dev/null 2>&1; true`;
    await runTool(["/bin/sh", "-c", run, INSTALL_SH, ...cuts.map(String)], {
      env: place.environment(server),
    });
    assert(cuts.length > 200);
    assertEquals(server.asked, []);
    assertEquals(place.names(), []);
  });

  test("works through a pipe", async (place) => {
    await using server = serving(await release());
    const { status } = await runTool(
      ["/bin/sh", "-c", `${shellPath(shell).join(" ")} <"$0"`, INSTALL_SH],
      { env: place.environment(server) },
    );
    assertEquals(status, 0);
    assertEquals(place.installed(), BINARY);
  });

  const glibc = { loaders: ["/lib64/ld-linux"] };
  const musl = { loaders: ["/lib/ld-musl"], ldd: "musl" } as const;
  const machines: [string, MachineFacts, string][] = [
    ["Linux on x64", glibc, "linux-x64"],
    ["Linux on amd64", { ...glibc, processor: "amd64" }, "linux-x64"],
    [
      "Linux on arm64",
      { loaders: ["/lib/ld-linux"], processor: "aarch64" },
      "linux-arm64",
    ],
    ["Linux with musl on x64", musl, "linux-x64-musl"],
    [
      "Linux with musl on arm64",
      { ...musl, processor: "aarch64" },
      "linux-arm64-musl",
    ],
    [
      "Linux with glibc on x64, and musl beside it",
      { loaders: ["/lib64/ld-linux", "/lib/ld-musl"] },
      "linux-x64",
    ],
    [
      "Linux with glibc on arm64, and musl beside it",
      { loaders: ["/lib/ld-linux", "/lib/ld-musl"], processor: "aarch64" },
      "linux-arm64",
    ],
    [
      "Linux with musl, and a substitute for glibc beside it",
      { loaders: ["/lib/ld-linux", "/lib/ld-musl"], ldd: "musl" },
      "linux-x64-musl",
    ],
    ["a Mac on x64", { system: "Darwin", loaders: [] }, "darwin-x64"],
    [
      "a Mac on arm64",
      { system: "Darwin", processor: "arm64", loaders: [] },
      "darwin-arm64",
    ],
  ];
  for (const [title, facts, target] of machines) {
    test(`finds the binary for ${title}`, async (place) => {
      await using server = serving(
        await release({ target }),
      );
      const { status, stderr } = await place.install(server);
      assertEquals(stderr.includes("is musl: taking"), target.endsWith("musl"));
      assertEquals(status, 0, stderr);
    }, facts);
  }

  test("takes the binary of the engine that was asked for", async (place) => {
    await using server = serving(
      await release({ target: "linux-x64-deno" }),
    );
    const { status } = await place.install(server, { PORT_FOR_ENGINE: "deno" });
    assertEquals(status, 0);
  });

  const without: [string, MachineFacts, string][] = [
    ["another system", { system: "SunOS" }, "SunOS"],
    ["another processor", { processor: "riscv64" }, "riscv64"],
  ];
  for (const [title, facts, word] of without) {
    test(`says that there is no binary for ${title}`, async (place) => {
      await using server = serving(await release());
      const { status, stdout, stderr } = await place.install(server);
      assertMatch(
        stderr,
        new RegExp(
          `^install port-for: cannot install on ${word}: .+\\(.+\\)\n$`,
        ),
      );
      assertEquals(stdout, "");
      assertEquals(status, 1);
      assertEquals(server.asked, []);
    }, facts);
  }

  test("says that Deno's binary does not run with musl", async (place) => {
    await using server = serving(await release());
    const { status, stderr } = await place.install(server, {
      PORT_FOR_ENGINE: "deno",
    });
    assertMatch(stderr, /^install port-for: cannot .+ with musl: .+\n$/);
    assertEquals(status, 1);
    assertEquals(server.asked, []);
  }, musl);

  test("says in a few lines what a binary for musl may lack", async (place) => {
    const broken = "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9; do\n" +
      "echo Error relocating: symbol $i not found >&2\ndone\nexit 127\n";
    await using server = serving(
      await release({ binary: broken, target: "linux-x64-musl" }),
    );
    const { status, stderr } = await place.install(server);
    assert(stderr.includes("apk add libstdc++"), stderr);
    assert(stderr.split("\n").length <= 5, stderr);
    assertEquals(status, 1);
    assertEquals(place.names(), []);
  }, musl);
}
