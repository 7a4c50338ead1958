import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { optionHead } from "../../lib/cli/commands/help.ts";
import { OPTIONS } from "../../lib/cli/options.ts";
import { portFor, PROJECT } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** A temporary store, and calls on it. */
class Store extends TempFolder {
  call(...args: string[]) {
    return portFor(["--store", this.file("ports.toml"), ...args]);
  }

  /** What a call that has to succeed without a word of warning prints. */
  async print(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.call(...args);
    assertEquals([status, stderr], [0, ""], args.join(" "));
    return stdout;
  }
}

Deno.test("several names print their ports in their order, a line each", async () => {
  using store = new Store();
  const a = await store.print("a");
  const b = await store.print("b");

  assertEquals(await store.print("b", "a", "b"), b + a + b);
});

Deno.test("--bind names stand among the others in their order", async () => {
  using store = new Store();
  const [a, b, c] = [
    await store.print("a"),
    await store.print("b"),
    await store.print("c"),
  ];

  assertEquals(await store.print("-b", "c", "a", "--bind=b"), c! + a + b);
});

Deno.test("--list prints the associations in the file's order", async () => {
  using store = new Store();
  store.write("ports.toml", "[ports]\nz = 2001\na = { port = 2002 }\n");

  assertEquals(await store.print("--list"), "z: 2001\na: 2002\n");
  assertEquals(await store.print("-l"), "z: 2001\na: 2002\n");
  assertEquals(await store.print("--list", "--json"), '{"z":2001,"a":2002}\n');
});

Deno.test("--list of a store that does not exist prints nothing", async () => {
  using store = new Store();

  assertEquals(await store.print("--list"), "");
  assertEquals(await store.print("--list", "--json"), "{}\n");
  assertEquals(store.names(), []);
});

Deno.test("--get prints, and never associates", async () => {
  using store = new Store();
  store.write("ports.toml", "[ports]\na = 2001\nb = 2002\n");

  assertEquals(await store.print("--get", "b"), "2002\n");
  assertEquals(await store.print("-gb", "--get=a"), "2002\n2001\n");
  assertEquals(await store.print("--get", "b", "--json"), '{"b":2002}\n');

  const { status, stdout, stderr } = await store.call("--get", "new");
  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, '"new"');
  assertEquals(store.names(), ["ports.toml"]);
});

Deno.test("--json prints names with their ports", async () => {
  using store = new Store();
  const a = Number(await store.print("a"));
  const json = await store.print("--json", "a", "b", "a");

  assertMatch(json, /^\{"a":\d+,"b":\d+\}\n$/);
  assertEquals(JSON.parse(json).a, a);
});

Deno.test("--unbind takes away, and says what was not there", async () => {
  using store = new Store();
  await store.print("a", "b", "c");

  assertEquals(await store.print("-u", "a", "--unbind=b"), "");
  const { status, stdout, stderr } = await store.call("-ub", "-uc");

  assertEquals([status, stdout], [0, ""]);
  assertStringIncludes(stderr, '"b"');
  assertEquals(stderr.match(/\n/g)!.length, 1);
  assertEquals(await store.print("--list"), "");
});

Deno.test("--unbind of nothing creates no store", async () => {
  using store = new Store();
  const { status, stderr } = await store.call("--unbind", "a");

  assertEquals(status, 0);
  assertStringIncludes(stderr, '"a"');
  assertEquals(store.names(), []);
});

Deno.test("--port associates the port, and warns of what speaks against it", async () => {
  using store = new Store();
  const { status, stdout, stderr } = await store.call("--port", "443", "web");

  assertEquals([status, stdout], [0, "443\n"]);
  assertStringIncludes(stderr, "warning: port 443 is a system port, assigned");
  // Whoever knows already is not told again.
  assertEquals(await store.print("-p443", "web"), "443\n");
  assertEquals(await store.print("web"), "443\n");
});

Deno.test("--port takes a port in use, with a warning", async () => {
  using store = new Store();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const { status, stdout, stderr } = await store.call(`-p${port}`, "web");

  assertEquals([status, stdout], [0, `${port}\n`]);
  assertStringIncludes(stderr, "in use");
});

Deno.test("--port of a good port that is free warns of nothing", async () => {
  using store = new Store();
  const port = (await store.print("web")).trim();
  await store.print("--unbind", "web");

  assertEquals(await store.print("--port", port, "other"), `${port}\n`);
});

Deno.test("--port reads leading zeros as a person does", async () => {
  using store = new Store();
  const { stdout } = await store.call("--port", "0443", "web");

  assertEquals(stdout, "443\n");
  assertEquals(await store.print("--json", "web"), '{"web":443}\n');
});

Deno.test("--random chooses by the system's random source", async () => {
  using store = new Store();
  const usual = await store.print("web");
  const random: string[] = [];
  for (let run = 0; run < 3; run++) {
    await store.print("--unbind", "web");
    random.push(await store.print("--random", "web"));
  }

  // Three equal ones out of some ten thousand are no accident.
  assertNotEquals(random, [usual, usual, usual]);
  assertEquals(await store.print("--random", "web"), random[2]);
});

Deno.test("--range and --exclude cut the ports to choose from", async () => {
  using store = new Store();
  const first = await store.print("--range", "29600-29601", "a");
  const second = await store.print("--range=29600-29601", "b");
  assertEquals([first, second].sort(), ["29600\n", "29601\n"]);

  const third = await store.print(
    ...["--range", "29602-29609", "--exclude", "29602-29604,29606"],
    ...["--exclude", "29607-29609", "c"],
  );
  assertEquals(third, "29605\n");
});

Deno.test("--range is no matter for a name that has a port", async () => {
  using store = new Store();
  const port = await store.print("web");

  assertEquals(await store.print("--range", "80-90", "web"), port);
});

Deno.test({
  name: "--range may reach into the dynamic range",
  // Elsewhere, the ephemeral range takes all of it.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using store = new Store();
    const port = Number(await store.print("--range", "61100-61200", "web"));

    assert(61100 <= port && port <= 61200);
  },
});

Deno.test("--udp passes over a port whose UDP port is in use", async () => {
  using store = new Store();
  const port = Number(await store.print("web"));
  await store.print("--unbind", "web");
  const { createSocket } = await import("node:dgram");
  const socket = createSocket("udp4");
  await new Promise<void>((done) => socket.bind(port, "127.0.0.1", done));
  try {
    assertNotEquals(Number(await store.print("--udp", "web")), port);
    await store.print("--unbind", "web");
    assertEquals(Number(await store.print("web")), port);
  } finally {
    await new Promise<void>((done) => socket.close(() => done()));
  }
});

Deno.test("--version is that of deno.json", async () => {
  const { version } = JSON.parse(
    Deno.readTextFileSync(`${PROJECT}/deno.json`),
  );

  for (const args of [["--version"], ["-v"], ["--version", "web"]]) {
    assertEquals(await portFor(args), {
      status: 0,
      stdout: `port-for ${version}\n`,
      stderr: "",
    });
  }
});

Deno.test("--help begins with examples and lists every option", async () => {
  const { status, stdout, stderr } = await portFor(["--help"]);

  assertEquals([status, stderr], [0, ""]);
  const example = stdout.indexOf("  port-for web ");
  assert(0 < example && example < stdout.indexOf("Usage:"));
  assert(stdout.split("\n").every((line) => line.length <= 80));
  for (const option of OPTIONS) {
    assertStringIncludes(stdout, `\n  ${optionHead(option)}`);
  }
  assertEquals((await portFor(["-h"])).stdout, stdout);
});

Deno.test("--help and --version need no store, and change none", async () => {
  using store = new Store();

  for (const option of ["--help", "--version"]) {
    await store.print(option, "web");
    await store.print("web", option);
  }
  assertEquals(store.names(), []);
});

Deno.test("short options may stand together", async () => {
  using store = new Store();
  store.write("ports.toml", "[ports]\na = 2001\n");

  assertEquals(await store.print("-ga"), "2001\n");
  assertMatch(await store.print("-lh"), /^port-for gives names/);
});
