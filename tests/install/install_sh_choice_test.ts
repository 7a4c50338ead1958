import { assertEquals, assertMatch } from "@std/assert";
import type { Answer } from "../support/http.ts";
import { works } from "../support/program.ts";
import { BINARY, FILE, release, serving, VERSION } from "./fake_release.ts";
import { type Place, testInstall } from "./place.ts";

/** Runs a command with a file of its own in place of /proc/cpuinfo. */
const PROCESSOR = (file: string) => [
  ...["unshare", "--mount", "sh", "-c"],
  'mount --bind "$0" /proc/cpuinfo && exec "$@"',
  file,
];
const NO_PROC = [
  ...["unshare", "--mount", "sh", "-c"],
  'mount -t tmpfs none /proc && exec "$@"',
  "sh",
];
const canMount = works(...NO_PROC, "true");
const musl = { loaders: ["/lib/ld-musl"], ldd: "musl" } as const;

function oldProcessor(place: Place): { prefix: string[] } {
  const file = place.temp.write("cpuinfo", "flags\t\t: fpu sse sse2 sse4_1\n");
  return { prefix: PROCESSOR(file) };
}

testInstall(
  "takes Deno's binary where there is no SSE4.2, and says so",
  async (place) => {
    await using server = serving(await release({ target: "linux-x64-deno" }));
    const outcome = await place.install(server, {}, oldProcessor(place));
    assertMatch(outcome.stderr, /no SSE4\.2, .+: taking Deno's\n$/);
    assertEquals(outcome.status, 0);
    assertEquals(place.installed(), BINARY);
  },
  { ignore: !canMount },
);

testInstall(
  "takes Bun's binary without SSE4.2 if it has to",
  async (place) => {
    await using server = serving(await release());
    const { status, stderr } = await place.install(
      server,
      { PORT_FOR_ENGINE: "bun" },
      oldProcessor(place),
    );
    assertEquals(stderr, "");
    assertEquals(status, 0);
  },
  { ignore: !canMount },
);

testInstall(
  "has nothing for musl without SSE4.2, and says so first",
  async (place) => {
    await using server = serving(await release());
    const { status, stderr } = await place.install(
      server,
      {},
      oldProcessor(place),
    );
    assertMatch(stderr, /^install port-for: cannot .+ SSE4\.2.+ \(.+\)\n$/);
    assertEquals(status, 1);
    assertEquals(server.asked, []);
  },
  { facts: musl, ignore: !canMount },
);

testInstall(
  "says before it downloads that nothing starts without /proc",
  async (place) => {
    await using server = serving(await release());
    const { status, stderr } = await place.install(server, {}, {
      prefix: NO_PROC,
    });
    assertEquals(
      stderr,
      "install port-for: cannot install here: port-for does not start " +
        "without /proc (mount -t proc proc /proc)\n",
    );
    assertEquals(status, 1);
    assertEquals(server.asked, []);
    assertEquals(place.names(), []);
  },
  { ignore: !canMount },
);

testInstall("does not know another engine", async (place) => {
  await using server = serving(await release());
  const { status, stderr } = await place.install(server, {
    PORT_FOR_ENGINE: "node",
  });
  assertMatch(stderr, /cannot install for the engine node: .+ \(.+\)\n$/);
  assertEquals(status, 1);
  assertEquals(server.asked, []);
});

for (const version of [`v${VERSION}`, VERSION]) {
  testInstall(`installs the version ${version}`, async (place) => {
    await using server = serving(await release());
    const { status, stderr } = await place.install(server, {
      PORT_FOR_VERSION: version,
    });
    assertEquals(stderr, "");
    assertEquals(status, 0);
    assertEquals(server.asked, ["/SHA256SUMS", `/${FILE}`]);
  });
}

testInstall("finds no other version than the wanted one", async (place) => {
  await using server = serving(await release());
  for (const version of ["v9.9", "v9.9.90", "v1.0.0"]) {
    const { status, stderr } = await place.install(server, {
      PORT_FOR_VERSION: version,
    });
    assertMatch(
      stderr,
      /cannot install port-for-v[0-9.]+-linux-x64\.tar\.gz: /,
    );
    assertEquals(status, 1);
  }
  assertEquals(place.names(), []);
});

testInstall("wants the program to say its version", async (place) => {
  place.putOld();
  const old = place.installed();
  // What a stripped binary says: it is the engine then.
  for (const said of ["1.4.5", "port-for 9.9.8"]) {
    await using server = serving(
      await release({ binary: `#!/bin/sh\necho ${said}\n` }),
    );
    const { status, stderr } = await place.install(server);
    assertMatch(
      stderr,
      new RegExp(`it says that it is ${said}, not port-for 9`),
    );
    assertEquals(status, 1);
    assertEquals(place.installed(), old);
  }
});

const forms: Record<string, (sum: string, file: string) => string> = {
  "as sha256sum --binary": (sum, file) => `${sum} *${file}`,
  "as sha256sum --tag": (sum, file) => `SHA256 (${file}) = ${sum}`,
  "with ./ before names": (sum, file) => `${sum}  ./${file}`,
  "in capitals, with CR LF": (sum, file) => `${sum.toUpperCase()}  ${file}\r`,
};
for (const [form, line] of Object.entries(forms)) {
  testInstall(`reads sums written ${form}`, async (place) => {
    await using server = serving(await release({ line }));
    const { status, stderr } = await place.install(server);
    assertEquals(stderr, "");
    assertEquals(status, 0);
    // A wrong sum of that form is found as well.
    const wrong = (_: string, file: string) => line("2".repeat(64), file);
    await using other = serving(await release({ line: wrong }));
    assertMatch((await place.install(other)).stderr, /SHA-256 sum is/);
  });
}

/** A `gh` that writes down what it was asked. */
const gh = (verifies: boolean, loggedIn = true) => [
  'echo "$*" >>"$GH_LOG"',
  'case "$*" in',
  `  "auth status") exit ${loggedIn ? 0 : 1} ;;`,
  `  "attestation verify"*) exit ${verifies ? 0 : 1} ;;`,
  "esac",
];

async function installWithGh(
  place: Place,
  files: Record<string, Answer>,
  env: Record<string, string> = {},
) {
  await using server = serving(files);
  const log = place.temp.write("gh.log", "");
  const outcome = await place.install(server, { GH_LOG: log, ...env });
  return { ...outcome, asked: place.temp.read("gh.log") };
}

testInstall("asks gh, where it is, who built the archive", async (place) => {
  const { status, asked } = await installWithGh(place, await release());
  assertMatch(
    asked,
    /^attestation verify \S+\/port-for-9\.9\.9-linux-x64\.tar\.gz --repo x\/port-for --signer-workflow x\/port-for\/\.github\/workflows\/release\.yml$/m,
  );
  assertEquals(status, 0);
}, { facts: { gh: gh(true) } });

testInstall("installs nothing that gh cannot verify", async (place) => {
  const { status, stderr } = await installWithGh(place, await release());
  assertMatch(stderr, /no attestation .+ \(.+PORT_FOR_ATTESTATION=skip.+\)\n$/);
  assertEquals(status, 1);
  assertEquals(place.names(), []);
  const skipped = await installWithGh(place, await release(), {
    PORT_FOR_ATTESTATION: "skip",
  });
  assertEquals(skipped.status, 0);
  assertEquals(skipped.asked, "");
}, { facts: { gh: gh(false) } });

testInstall("says that gh is not logged in, and goes on", async (place) => {
  const { status, stderr } = await installWithGh(place, await release());
  assertMatch(stderr, /was not checked: .+ \(gh auth login\)\n$/);
  assertEquals(status, 0);
}, { facts: { gh: gh(false, false) } });
