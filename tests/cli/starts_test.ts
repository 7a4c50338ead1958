import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { bunProgram, denoProgram } from "../support/bun_program.ts";
import { portFor, PROJECT } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Wherever the program starts, by the file where that is. */
const STARTS: Readonly<
  Record<string, (file: string, temp: TempFolder) => Promise<string[]>>
> = {
  "main.ts": (file) => Promise.resolve(denoProgram(file)),
  "lib/cli/from_source.ts": (file) => Promise.resolve(denoProgram(file)),
  "lib/cli/deno_binary.ts": (file) => Promise.resolve(denoProgram(file)),
  "lib/cli/bun_binary.ts": bunProgram,
};

for (const [file, start] of Object.entries(STARTS)) {
  Deno.test(`${file} is the program: it associates, looks up, and refuses`, async () => {
    using temp = new TempFolder();
    const program = await start(`${PROJECT}/${file}`, temp);
    const store = `--store=${temp.file("ports.toml")}`;
    const first = await portFor([store, "web"], { program });
    assertEquals([first.status, first.stderr], [0, ""]);
    assert(/^\d+\n$/.test(first.stdout), first.stdout);

    const quick = ["--store", temp.file("ports.toml"), "web"];
    assertEquals(await portFor(quick, { program }), first);
    assertEquals(await portFor([store, "--get", "web"], { program }), first);

    const refused = await portFor([store, "--nope"], { program });
    assertEquals([refused.status, refused.stdout], [2, ""]);
    assertStringIncludes(refused.stderr, "unknown option --nope");
    const none = await portFor([store, "--get", "db"], { program });
    assertEquals([none.status, none.stdout], [1, ""]);
  });
}
