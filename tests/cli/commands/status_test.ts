import { assert, assertEquals } from "@std/assert";
import { TempFolder } from "../../support/temp.ts";
import { ALL_FREE, called } from "../called.ts";

/** A port that this process listens on, up to the end of the block. */
function held(): Deno.TcpListener {
  return Deno.listen({ hostname: "127.0.0.1", port: 0 });
}

Deno.test("--status is a table of names, ports and states", async () => {
  using temp = new TempFolder();
  const path = temp.write(
    "ports.toml",
    "[ports]\nweb = 29500\n" +
      '"a \u{1f600}" = { port = 29510, count = 3 }\n' +
      "old = { port = 29520, expires = 2000-01-02T03:04:05Z }\n" +
      "lease = { port = 29530, expires = 2099-01-02T03:04:05Z }\n",
  );

  assertEquals(await called(["--store", path, "--status"], ALL_FREE), {
    status: 0,
    out: [
      "NAME             PORT  STATE",
      "web             29500  free",
      "a \u{1f600}      29510-29512  free",
      "old             29520  expired 2000-01-02 03:04Z",
      "lease           29530  free, expires 2099-01-02 03:04Z",
      "",
    ].join("\n"),
    err: "",
  });
});

Deno.test("--status fits into a terminal, and shows nothing invisible", async () => {
  using temp = new TempFolder();
  const name = `${"n".repeat(200)}`;
  const path = temp.write(
    "ports.toml",
    `[ports]\n${name} = 29500\n"a\\u202Eb" = 29501\n`,
  );
  const { out } = await called(["--store", path, "--status"], {
    ...ALL_FREE,
    terminalWidth: () => 40,
    env: (name) => name === "NO_COLOR" ? "1" : undefined,
  });

  const lines = out.trimEnd().split("\n");
  assert(lines.every((line) => line.length <= 40), out);
  assert(lines[1]!.includes("n\u2026"));
  assert(lines[2]!.startsWith("a\\u{202e}b "));
});

Deno.test({
  name: "--status says who holds a port",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using temp = new TempFolder();
    using listener = held();
    const { port } = listener.addr;
    const path = temp.write("ports.toml", `[ports]\nweb = ${port}\n`);

    const { out } = await called(["--store", path, "--status"]);
    assert(out.includes(`in use by deno (pid ${Deno.pid})`), out);

    const json = await called(["--store", path, "--status", "--json"]);
    const [{ name, state, holders }] = JSON.parse(json.out);
    assertEquals([name, state], ["web", "in use"]);
    assertEquals([holders[0].pid, holders[0].address], [
      Deno.pid,
      "127.0.0.1",
    ]);
  },
});

Deno.test("--status of nothing is a heading, and an empty list in JSON", async () => {
  using temp = new TempFolder();
  const store = ["--store", temp.file("ports.toml")];

  assertEquals(
    (await called([...store, "--status"])).out,
    "NAME      PORT  STATE\n",
  );
  assertEquals((await called([...store, "--status", "--json"])).out, "[]\n");
});
