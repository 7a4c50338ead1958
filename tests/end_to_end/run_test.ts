import { assertEquals, assertStringIncludes } from "@std/assert";
import { Running } from "../support/running.ts";
import { networkTest, Store, unixTest as test } from "../support/store.ts";

/** A store with two names, and scripts that run with the port of the first. */
class Stack extends Store {
  constructor() {
    super('[ports]\nweb = 29500\n"my.db" = 29501\n');
  }

  /** Starts a command. */
  start(...words: readonly string[]): Running {
    return new Running(["web", "--", ...words], {
      env: { PORT_FOR_STORE: this.storePath },
      prefix: this.network?.prefix ?? [],
    });
  }

  /** Runs a shell script to its end. */
  run(script: string, ...args: string[]) {
    return this.call("web", "--", "sh", "-c", script, ...args);
  }
}

test("a command has its ports in the environment and in its arguments", async () => {
  using stack = new Stack();
  const script = 'echo "$PORT $WEB_PORT $MY_DB_PORT"; printf "%s\\n" "$@"';
  const words = [
    "sh",
    "-c",
    script,
    "sh",
    "{port}",
    "x={my.db}:{web}",
    "{y}",
  ];

  assertEquals(
    await stack.print("web", "my.db", "--", ...words),
    "29500 29500 29501\n29500\nx=29501:29500\n{y}\n",
  );
  assertEquals(
    await stack.print("my.db", "web", "--", ...words),
    "29501 29500 29501\n29501\nx=29501:29500\n{y}\n",
  );
});

test("a name without a port gets one first; a block is its first port", async () => {
  using stack = new Store();
  const script = ["--", "sh", "-c", 'echo "$PORT\n$0"', "{block}"];
  const printed = await stack.ports("--count=3", "block", ...script);
  const [first] = await stack.ports("--get", "block");

  assertEquals(printed, [first!, first!]);
});

test("behind -- everything is the command's, as it is", async () => {
  using stack = new Stack();
  const words = ["$HOME", "*", "a  b", "", ";id", "`id`", "'\"", "\\n", "é\n"]
    .concat(["--json", "-h", "--", "-u"]);
  const { stdout } = await stack.run('printf "<%s>" "$@"', "sh", ...words);

  assertEquals(stdout, words.map((word) => `<${word}>`).join(""));
});

test("a command keeps the environment and the folder of its caller", async () => {
  using stack = new Stack();
  const cwd = stack.file("in here");
  Deno.mkdirSync(cwd);
  const env = { PORT: "1", MARK: "a b=é", EMPTY: "" };
  const script = 'pwd; echo "$PORT|$MARK|${EMPTY-unset}"';
  const words = ["web", "--", "sh", "-c", script];

  assertEquals(
    await stack.printWith({ cwd, env }, ...words),
    `${cwd}\n29500|a b=é|\n`,
  );
});

test("standard input, output and error are the command's", async () => {
  using stack = new Stack();
  const script = 'read a; echo "got $a" >&2; echo "$a"';
  await using program = stack.start("sh", "-c", script);
  await program.write("hello\nrest");

  assertEquals(await program.line(), "hello");
  const { stdout, stderr } = await stack.run("echo out; echo err >&2");
  assertEquals([stdout, stderr], ["out\n", "err\n"]);
});

test("the status is the command's, or 128 and the number of its signal", async () => {
  using stack = new Stack();
  const endings: [script: string, status: number][] = [
    ["exit 0", 0],
    ["exit 3", 3],
    ["exit 255", 255],
    ["kill -INT $$", 130],
    ["kill -KILL $$", 137],
    ["kill -SEGV $$", 139],
    ["kill -PIPE $$", 141],
  ];
  for (const [script, status] of endings) {
    assertEquals(
      await stack.run(script),
      { status, stdout: "", stderr: "" },
      script,
    );
  }
});

test("a command that cannot be run ends as in a shell: 127 or 126", async () => {
  using stack = new Stack();
  stack.write("plain", "");
  Deno.mkdirSync(stack.file("folder"));
  for (
    const [command, expected] of [
      ["port-for-no-such-command", 127],
      ["./none", 127],
      ["", 127],
      ["./plain", 126],
      ["./folder", 126],
      ["./plain/inside", 126],
    ] as const
  ) {
    const { status, stdout, stderr } = await stack.callWith(
      { cwd: stack.path },
      ...["web", "--", command],
    );
    assertEquals([status, stdout], [expected, ""], command);
    assertStringIncludes(stderr, `cannot run ${JSON.stringify(command)}: `);
  }
});

test("a script whose interpreter is missing is not said to be missing", async () => {
  using stack = new Stack();
  stack.write("pf-script", "#!/no/such/interpreter\n");
  Deno.chmodSync(stack.file("pf-script"), 0o755);
  const PATH = `${stack.path}:${Deno.env.get("PATH")}`;
  for (const command of ["./pf-script", "pf-script"]) {
    const { status, stderr } = await stack.callWith(
      { cwd: stack.path, env: { PATH } },
      ...["web", "--", command],
    );
    assertEquals(status, 127);
    assertStringIncludes(stderr, `cannot run "${command}": what has to run it`);
  }
});

networkTest(
  "a port in use stops the command, and its holder is named",
  async (network) => {
    using stack = new Store(
      "[ports]\nweb = 29500\nblock = { port = 29510, count = 3 }\n",
    );
    const pid = await network.hold({ port: 29512, how: "listening" });
    const command = ["--", "sh", "-c", "echo ran"];

    for (const names of [["block"], ["web", "block"]]) {
      const parts = ['"sh"', "29512", '"block"', "in use", `(pid ${pid})`];
      await stack.refuses([...names, ...command], 1, ...parts);
    }
    assertEquals(await stack.print("web", ...command), "ran\n");
  },
);

networkTest(
  "a server that just ended can be started again at once",
  async (network) => {
    using stack = new Stack();
    // The side that closes first keeps the connection in TIME_WAIT.
    await network.run(`
import socket
server = socket.create_server(("127.0.0.1", 29500))
client = socket.create_connection(("127.0.0.1", 29500))
ours = server.accept()[0]
ours.close()
client.recv(1)
client.close()
server.close()
print("ready", flush=True)
`);

    assertEquals(await stack.print("web", "--", "echo", "ran"), "ran\n");
  },
);

test("a command cannot run twice on one port", async () => {
  using stack = new Stack();
  await using program = stack.start(Deno.execPath(), "eval", SERVER, "{web}");
  assertEquals(await program.line(), "listening");
  await stack.refuses(["web", "--", "echo", "ran"], 1, "in use");
  program.signal("SIGTERM");
  assertEquals((await program.ending()).status, 143);
  assertEquals(await stack.print("web", "--", "echo", "ran"), "ran\n");
});

/** A server on the port that its argument says. */
const SERVER = `
Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
console.log("listening");
await new Promise(() => setInterval(() => {}, 1000));
`;

Deno.test("a command that is missing, or has no name to run with, is a wrong command line", async () => {
  using stack = new Store();
  for (
    const args of [["web", "--"], ["--", "env"], ["--list", "--", "env"]]
  ) {
    await stack.refuses(args, 2);
  }
  // Two names of one spelling run nothing, and get no port.
  const words = ["a.b", "a-b", "--", Deno.execPath(), "--version"];
  await stack.refuses(words, 1, '"a.b"', '"a-b"', "A_B_PORT");
  assertEquals(stack.names(), []);
});
