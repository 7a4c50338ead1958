import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { portFor } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const STORE = "[ports]\nweb = 29700\ndb = 29701\n";

/** Runs a command with the ports of names. */
async function runs(names: readonly string[], ...command: string[]) {
  using temp = new TempFolder();
  const path = temp.write("ports.toml", STORE);
  return await portFor(["--store", path, ...names, "--", ...command]);
}

Deno.test("a command finds the ports in its environment and its arguments", async () => {
  const script = 'echo "$PORT $WEB_PORT $DB_PORT $1"';

  assertEquals(
    await runs(["web", "db"], "sh", "-c", script, "sh", "{db}/{port}"),
    { status: 0, stdout: "29700 29700 29701 29701/29700\n", stderr: "" },
  );
});

Deno.test("a name gets a port first where it has none", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml")];
  const { stdout } = await portFor(
    [...store, "new", "--", "sh", "-c", "echo $NEW_PORT"],
  );

  assertEquals((await portFor([...store, "--get", "new"])).stdout, stdout);
});

Deno.test("a command's status is the program's", async () => {
  for (
    const [script, status] of [
      ["exit 0", 0],
      ["exit 3", 3],
      ["exit 255", 255],
      ["kill -KILL $$", 128 + 9],
    ] as const
  ) {
    const outcome = await runs(["web"], "sh", "-c", script);
    assertEquals(outcome, { status, stdout: "", stderr: "" });
  }
});

Deno.test("a command that cannot be run ends as in a shell", async () => {
  using temp = new TempFolder();
  const text = temp.write("text", "no program");
  for (
    const [command, status] of [["no-such-command", 127], [text, 126]] as const
  ) {
    const outcome = await runs(["web"], command);

    assertEquals([outcome.status, outcome.stdout], [status, ""]);
    assertStringIncludes(outcome.stderr, `cannot run "${command}"`);
  }
});

Deno.test("what stands behind -- is the command's, whatever it looks like", async () => {
  const script = 'printf "%s|" "$@"';
  const { stdout } = await runs(
    ["web"],
    ...["sh", "-c", script, "sh", "--json", "-h", "--", "", "a b", "*"],
  );

  assertEquals(stdout, "--json|-h|--||a b|*|");
});

Deno.test("a command is not run where the port is in use, and is told by whom", async () => {
  using temp = new TempFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const path = temp.write("ports.toml", `[ports]\nweb = ${port}\n`);
  const { status, stdout, stderr } = await portFor(
    ["--store", path, "web", "--", "echo", "no"],
  );

  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, `port ${port} of "web" is in use`);
  if (Deno.build.os === "linux") assertStringIncludes(stderr, `${Deno.pid}`);
});

Deno.test({
  name: "a signal goes on to the command, whose status still counts",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    // The command signals the program once that is ready to pass signals on;
    // if it does not, the loop ends when the program is gone.
    const script = `
      trap 'echo passed on; exit 3' TERM
      caught() { sed -n 's/SigCgt:[[:space:]]*/0x/p' /proc/$PPID/status; }
      until [ $(( $(caught) & 0x4000 )) -ne 0 ]; do :; done
      kill -TERM $PPID
      while kill -0 $PPID 2>/dev/null; do sleep 0.01; done`;

    assertEquals(await runs(["web"], "sh", "-c", script), {
      status: 3,
      stdout: "passed on\n",
      stderr: "",
    });
  },
});

Deno.test("with --here, names are those of the current directory", async () => {
  using temp = new TempFolder();
  Deno.mkdirSync(temp.file("one"));
  Deno.mkdirSync(temp.file("other"));
  const store = ["--store", temp.file("ports.toml"), "--here"];
  const call = async (cwd: string, ...args: string[]) => {
    const outcome = await portFor([...store, ...args], { cwd: temp.file(cwd) });
    assertEquals([outcome.status, outcome.stderr], [0, ""]);
    return outcome.stdout;
  };

  const one = await call("one", "web");
  const other = await call("other", "web");
  assert(one !== other);
  assertEquals(await call("one", "--get", "web"), one);
  assertEquals(await call("other", "--env"), `WEB_PORT=${other}`);
  assertEquals(await call("one", "web", "--json"), `{"web":${one.trim()}}\n`);
  assertEquals(
    await call("other", "--list"),
    `${temp.file("other")}/web: ${other}`,
  );
  assertEquals(
    await call("one", "web", "--", "sh", "-c", "echo $WEB_PORT"),
    one,
  );
  await call("one", "--unbind", "web");
  assertEquals(await call("one", "--list"), "");

  Deno.removeSync(temp.file("other"));
  const pruned = await portFor([...store.slice(0, 2), "--prune"]);
  assertStringIncludes(pruned.stdout, `${temp.file("other")} is gone`);
});

Deno.test("in a directory that is gone, --here says so", async () => {
  using temp = new TempFolder();
  Deno.mkdirSync(temp.file("gone"));
  const script = `cd ${temp.file("gone")} && rmdir ../gone && exec "$@"`;
  const { status, stdout, stderr } = await portFor(
    ["--store", temp.file("ports.toml"), "--here"],
    { prefix: ["sh", "-c", script, "sh"] },
  );

  assertEquals(stdout, "");
  assert(status !== 0 && stderr !== "");
  assertEquals(temp.names(), []);
});
