import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { currentRuntime } from "../../../lib/runtime/current.ts";
import { calledOn } from "../called.ts";

Deno.test("--status is a table of names, ports and states", async () => {
  const { status, out, err, path } = await calledOn(
    "[ports]\nweb = 29500\n" +
      '"a \u{1f600}" = { port = 29510, count = 3 }\n' +
      "old = { port = 29520, expires = 2000-01-02T03:04:05Z }\n" +
      "lease = { port = 29530, expires = 2099-01-02T03:04:05Z }\n",
    ["--status"],
  );
  assertEquals([status, err], [0, ""]);
  assertEquals(out.split("\n"), [
    "NAME             PORT  STATE",
    "web             29500  free",
    "a \u{1f600}      29510-29512  free",
    "old             29520  expired 2000-01-02 03:04Z",
    "lease           29530  free, expires 2099-01-02 03:04Z",
    `store: ${path}`,
    "",
  ]);
});

Deno.test("--status fits into a terminal, and shows nothing invisible", async () => {
  const { out } = await calledOn(
    `[ports]\n${"n".repeat(200)} = 29500\n"a\\u202Eb" = 29501\n`,
    ["--status"],
    {
      terminalWidth: () => 40,
      env: (name) => name === "NO_COLOR" ? "1" : undefined,
    },
  );
  const lines = out.trimEnd().split("\n");
  // A path is of no use in part.
  assertStringIncludes(lines.pop()!, "store: /");
  assert(lines.every((line) => line.length <= 40), out);
  assert(lines[1]!.includes("n\u2026"));
  assert(lines[2]!.startsWith("a\\u{202e}b "));
});

Deno.test({
  name: "--status says who holds a port",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const store = `[ports]\nweb = ${listener.addr.port}\n`;
    const { bindTcp, connectTcp } = currentRuntime;
    const real = { bindTcp, connectTcp };
    const { out } = await calledOn(store, ["--status"], real);
    assertStringIncludes(out, `in use by deno (pid ${Deno.pid})`);

    const json = await calledOn(store, ["--status", "--json"], real);
    const [{ name, state, holders }] = JSON.parse(json.out);
    assertEquals([name, state], ["web", "in use"]);
    const { pid, address } = holders[0];
    assertEquals([pid, address], [Deno.pid, "127.0.0.1"]);
  },
});

Deno.test("--status of nothing says what to do next, and is an empty list in JSON", async () => {
  const { status, out, err, path } = await calledOn(undefined, ["--status"]);
  assertEquals([status, out], [0, ""]);
  for (const part of [path, "port-for NAME"]) assertStringIncludes(err, part);
  const json = await calledOn(undefined, ["--status", "--json"]);
  assertEquals([json.out, json.err], ["[]\n", ""]);
});
