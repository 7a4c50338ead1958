import { assertEquals } from "@std/assert";
import { PROJECT, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Runs a module that imports the library, with no permission but those given. */
async function runModule(code: string, ...permissions: string[]) {
  using temp = new TempFolder();
  const module = temp.write(
    "module.ts",
    `import * as portFor from ${
      JSON.stringify(`file://${PROJECT}/main.ts`)
    };\n` +
      code,
  );
  return await runTool([
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "--frozen"],
    ...["--config", `${PROJECT}/deno.json`, ...permissions, module],
  ]);
}

Deno.test("importing the library does nothing and needs no permission", async () => {
  assertEquals(await runModule(""), { status: 0, stdout: "", stderr: "" });
});

Deno.test("what asks nothing of the machine needs no permission", async () => {
  const code = `
    const { availablePorts, goodPortRanges, portSet, PortStore } = portFor;
    new PortStore("/etc/port-for.toml");
    console.log(JSON.stringify([
      portSet([8080, "9000-9009"]).size,
      goodPortRanges({ first: 5000, last: 5050 }, { border: 5 }),
      availablePorts({ excludeRanges: [], high: 9999 }).has(8080),
      await portFor.getPort(8000),
    ]));`;
  const { stdout, stderr } = await runModule(code);

  assertEquals(stderr, "");
  assertEquals(JSON.parse(stdout), [
    11,
    [{ first: 5005, last: 5045 }],
    false,
    8000,
  ]);
});

Deno.test("a store needs no permission but for its folder and for sockets", async () => {
  using temp = new TempFolder();
  const code = `
    const store = new portFor.PortStore(${
    JSON.stringify(temp.file("ports.toml"))
  });
    const ports = [await store.associate("web"), await store.associate("db")];
    await store.release("web");
    console.log(JSON.stringify([ports, store.list().map(({ name }) => name)]));`;
  const { stdout, stderr } = await runModule(
    code,
    `--allow-read=${temp.path}`,
    `--allow-write=${temp.path}`,
    "--allow-net",
  );

  assertEquals(stderr, "");
  const [ports, names] = JSON.parse(stdout);
  assertEquals(new Set(ports).size, 2);
  assertEquals(names, ["db"]);
});

Deno.test("without permissions, a store says which one it needs", async () => {
  const code = `
    const store = new portFor.PortStore("/etc/port-for.toml");
    for (const call of [() => store.list(), () => store.associate("web")]) {
      try {
        await call();
      } catch (error) {
        console.log(error instanceof portFor.PortForError, error.code);
        console.log(/--allow-/.test(error.message));
      }
    }`;
  const { stdout } = await runModule(code);

  assertEquals(stdout, "true NO_PERMISSION\ntrue\n".repeat(2));
});
