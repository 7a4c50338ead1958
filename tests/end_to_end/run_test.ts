import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { freePort, Holder } from "../support/holders.ts";
import { isGone, Running } from "../support/running.ts";
import { isUnix, StackStore } from "../support/store.ts";

/** A store with a few names, and ports that nobody uses. */
class Stack extends StackStore {
  web = 0;
  db = 0;

  static async withPorts(): Promise<Stack> {
    const stack = new Stack();
    stack.web = await freePort();
    do stack.db = await freePort(); while (stack.db === stack.web);
    stack.fill(`[ports]\nweb = ${stack.web}\n"my.db" = ${stack.db}\n`);
    return stack;
  }

  /** Starts a shell script with the port of `web`. */
  start(script: string, prefix: readonly string[] = []): Running {
    return new Running(["web", "--", "sh", "-c", script], {
      env: { PORT_FOR_STORE: this.store },
      prefix,
    });
  }

  /** Runs a shell script with the port of `web` to its end. */
  run(script: string, ...args: string[]) {
    return this.call(["web", "--", "sh", "-c", script, ...args]);
  }
}

function unixTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !isUnix, fn });
}

unixTest(
  "a command has its ports in the environment and in its arguments",
  async () => {
    using stack = await Stack.withPorts();
    const { web, db } = stack;
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
      await stack.print(["web", "my.db", "--", ...words]),
      `${web} ${web} ${db}\n${web}\nx=${db}:${web}\n{y}\n`,
    );
    assertEquals(
      await stack.print(["my.db", "web", "--", ...words]),
      `${db} ${web} ${db}\n${db}\nx=${db}:${web}\n{y}\n`,
    );
  },
);

unixTest("a name without a port gets one before its command runs", async () => {
  using stack = new StackStore();
  const script = 'echo "$NEW_PORT"';
  const first = await stack.print(["new", "--", "sh", "-c", script]);

  assertEquals(await stack.print(["--get", "new"]), first);
});

unixTest("a block is its first port to a command", async () => {
  using stack = new StackStore();
  const printed = await stack.ports(
    ["--count=3", "block", "--", "sh", "-c", 'echo "$PORT\n$0"', "{block}"],
  );
  const [first] = await stack.ports(["block"]);

  assertEquals(printed, [first!, first!]);
});

unixTest(
  "arguments reach the command as they are: no shell reads them",
  async () => {
    using stack = await Stack.withPorts();
    const words = [
      "$HOME",
      "*",
      "a  b",
      "",
      ";id",
      "`id`",
      "'\"",
      "\\n",
      "é\n",
    ];
    const { stdout } = await stack.run('printf "<%s>" "$@"', "sh", ...words);

    assertEquals(stdout, words.map((word) => `<${word}>`).join(""));
  },
);

unixTest("behind -- everything is the command's, options too", async () => {
  using stack = await Stack.withPorts();

  assertEquals(
    await stack.print(["web", "--", "echo", "--list", "-h", "--", "-u"]),
    "--list -h -- -u\n",
  );
});

unixTest(
  "a command keeps the environment and the folder of its caller",
  async () => {
    using stack = await Stack.withPorts();
    Deno.mkdirSync(stack.file("in here"));
    const stdout = await stack.print(
      ["web", "--", "sh", "-c", 'pwd; echo "$PORT|$MARK|${EMPTY-unset}"'],
      {
        cwd: stack.file("in here"),
        env: { PORT: "1", MARK: "a b=é", EMPTY: "" },
      },
    );

    assertEquals(stdout, `${stack.file("in here")}\n${stack.web}|a b=é|\n`);
  },
);

unixTest("standard input, output and error are the command's", async () => {
  using stack = await Stack.withPorts();
  await using program = stack.start('read a; echo "got $a" >&2; echo "$a"');
  await program.write("hello\nrest");

  assertEquals(await program.line(), "hello");
  const { stdout, stderr } = await stack.run("echo out; echo err >&2");
  assertEquals([stdout, stderr], ["out\n", "err\n"]);
});

unixTest(
  "the status is the command's, or 128 and the number of its signal",
  async () => {
    using stack = await Stack.withPorts();
    for (
      const [script, expected] of [
        ["exit 0", 0],
        ["exit 3", 3],
        ["exit 255", 255],
        ["kill -HUP $$", 129],
        ["kill -INT $$", 130],
        ["kill -KILL $$", 137],
        ["kill -USR1 $$", 138],
        ["kill -SEGV $$", 139],
        ["kill -PIPE $$", 141],
        ["kill -TERM $$", 143],
      ] as const
    ) {
      const { status, stderr } = await stack.run(script);

      assertEquals([status, stderr], [expected, ""], script);
    }
  },
);

Deno.test({
  name: "a signal that has no name but a number is a signal like others",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using stack = await Stack.withPorts();
    const { status, stderr } = await stack.run("kill -40 $$");

    assertEquals([status, stderr], [168, ""]);
  },
});

unixTest(
  "a command that does not exist is status 127, one that cannot be run 126",
  async () => {
    using stack = await Stack.withPorts();
    stack.write("plain", "");
    Deno.mkdirSync(stack.file("folder"));
    stack.write("damaged", "\x7fELF\0\0\0");
    Deno.chmodSync(stack.file("damaged"), 0o755);

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
      const { status, stdout, stderr } = await stack.call([
        "web",
        "--",
        command,
      ], {
        cwd: stack.path,
      });

      assertEquals([status, stdout], [expected, ""], command);
      assertStringIncludes(stderr, `cannot run ${JSON.stringify(command)}: `);
    }
  },
);

unixTest(
  "a port in use by somebody else stops the command, and names them",
  async () => {
    using stack = await Stack.withPorts();
    await using holder = await Holder.of(stack.db, "listening", "127.0.0.1");

    for (const names of [["my.db"], ["web", "my.db"]]) {
      const call = [...names, "--", "sh", "-c", "echo ran"];
      const { status, stdout, stderr } = await stack.call(call);

      assertEquals([status, stdout], [1, ""]);
      assertStringIncludes(stderr, 'cannot run "sh"');
      assertStringIncludes(stderr, `port ${stack.db} of "my.db" is in use`);
      if (Deno.build.os === "linux") {
        assertStringIncludes(stderr, `(pid ${holder.pid})`);
      }
    }
    assertEquals(await stack.print(["web", "--", "echo", "ran"]), "ran\n");
  },
);

unixTest("any port of a block that is in use stops the command", async () => {
  using stack = new StackStore();
  const ports = await stack.ports(["--count=3", "--random", "block"]);
  await using _ = await Holder.of(ports[2]!, "listening", "127.0.0.1");
  const { status, stdout, stderr } = await stack.call(["block", "--", "env"]);

  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, `port ${ports[2]} of "block" is in use`);
});

unixTest("a server that just ended can be started again at once", async () => {
  using stack = await Stack.withPorts();
  // The side that closes first keeps the connection in TIME_WAIT.
  const server = Deno.listen({ hostname: "127.0.0.1", port: stack.web });
  const [ours, theirs] = await Promise.all([
    server.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: stack.web }),
  ]);
  ours.close();
  await theirs.read(new Uint8Array(1));
  theirs.close();
  server.close();

  assertEquals(await stack.print(["web", "--", "echo", "ran"]), "ran\n");
});

unixTest("a command cannot run twice on one port", async () => {
  using stack = await Stack.withPorts();
  await using program = new Running(
    ["web", "--", Deno.execPath(), "eval", SERVER, "{web}"],
    { env: { PORT_FOR_STORE: stack.store } },
  );
  assertEquals(await program.line(), "listening");
  const { status, stderr } = await stack.call(["web", "--", "echo", "ran"]);

  assertEquals(status, 1);
  assertStringIncludes(stderr, "is in use by");
  program.signal("SIGTERM");
  assertEquals((await program.ending()).status, 143);
  assertEquals(await stack.print(["web", "--", "echo", "ran"]), "ran\n");
});

/** A server on the port that its argument says. */
const SERVER = `
Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
console.log("listening");
await new Promise(() => setInterval(() => {}, 1000));
`;

const SIGNALS = [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGQUIT", 3],
  ["SIGTERM", 15],
  ["SIGUSR1", Deno.build.os === "linux" ? 10 : 30],
  ["SIGUSR2", Deno.build.os === "linux" ? 12 : 31],
] as const;

unixTest(
  "signals are passed on, and end the command",
  async () => {
    using stack = await Stack.withPorts();
    for (const [signal, number] of SIGNALS) {
      await using program = stack.start("echo $$; exec sleep 60");
      const child = await program.child();
      program.signal(signal);

      // port-for itself is not ended by the signal: it says what ended the child.
      assertEquals(await program.ending(), {
        status: 128 + number,
        signal: null,
      });
      assert(isGone(child), signal);
    }
  },
);

unixTest(
  "a command that deals with a signal itself decides on the status",
  async () => {
    using stack = await Stack.withPorts();
    for (const [signal] of SIGNALS) {
      const name = signal.slice(3);
      await using program = stack.start(
        `trap 'echo ${name}; exit 7' ${name}; echo $$; while :; do sleep 0.05; done`,
      );
      const child = await program.child();
      program.signal(signal);

      assertEquals(await program.line(), name);
      assertEquals(await program.ending(), { status: 7, signal: null });
      assert(isGone(child), signal);
    }
  },
);

unixTest("a command that ignores signals is waited for", async () => {
  using stack = await Stack.withPorts();
  await using program = stack.start(
    "trap '' HUP INT QUIT TERM USR1 USR2; echo $$; read end; exit 3",
  );
  const child = await program.child();
  for (const [signal] of SIGNALS) program.signal(signal);
  assertEquals(isGone(child), false);
  await program.write("end\n");

  assertEquals(await program.ending(), { status: 3, signal: null });
  assert(isGone(child));
});

unixTest("a command that is killed leaves nothing behind", async () => {
  using stack = await Stack.withPorts();
  await using program = stack.start("echo $$; exec sleep 60");
  const child = await program.child();
  Deno.kill(child, "SIGKILL");

  assertEquals(await program.ending(), { status: 137, signal: null });
  assert(isGone(child));
});

unixTest(
  "a signal right after the start does not lose the command",
  async () => {
    using stack = await Stack.withPorts();
    for (let run = 0; run < 12; run++) {
      // The earliest moment that there is: the child's first deed.
      await using program = stack.start(
        "echo $$; kill -TERM $PPID; exec sleep 60",
      );
      const child = await program.child();
      const ending = await program.ending();

      assertEquals(ending, { status: 143, signal: null });
      assert(isGone(child));
    }
  },
);

unixTest(
  "under nohup a hang-up ends neither port-for nor the command",
  async () => {
    using stack = await Stack.withPorts();
    // What nohup does: a signal that is ignored stays so for all that follow.
    const nohup = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"];
    await using program = stack.start("echo $$; read end; exit 3", nohup);
    const child = await program.child();
    program.signal("SIGHUP");
    await program.write("end\n");

    assertEquals(await program.ending(), { status: 3, signal: null });
    assert(isGone(child));
  },
);

Deno.test("a command that is missing, or has no name to run with, is status 2", async () => {
  using stack = new StackStore();
  for (
    const args of [
      ["web", "--"],
      ["--", "env"],
      ["--list", "--", "env"],
      ["--get", "web", "--", "env"],
      ["--env", "web", "--", "env"],
      ["--json", "web", "--", "env"],
    ]
  ) {
    const { status, stdout } = await stack.call(args);

    assertEquals([status, stdout], [2, ""], args.join(" "));
  }
  assertEquals(stack.names(), []);
});

Deno.test("two names of one spelling run nothing, and get no port", async () => {
  using stack = new StackStore();
  const { status, stdout, stderr } = await stack.call([
    "a.b",
    "a-b",
    "--",
    Deno.execPath(),
    "--version",
  ]);

  assertEquals([status, stdout], [1, ""]);
  for (const part of ['"a.b"', '"a-b"', "A_B_PORT"]) {
    assertStringIncludes(stderr, part);
  }
  assertEquals(stack.names(), []);
});
