/**
 * Where port-for cannot become a command, it stays its parent, and passes on
 * signals. That is so on Windows, and on Deno without the permission to call
 * the C library, as here.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { PROGRAM } from "../support/program.ts";
import { isGone, Running } from "../support/running.ts";
import { Store } from "../support/store.ts";

const PERMISSIONS = ["read", "write", "net", "env", "run", "sys"]
  .map((what) => `--allow-${what}`);

const STAYING = PROGRAM.flatMap((word) =>
  word === "--allow-all" ? ["--no-prompt", ...PERMISSIONS] : [word]
);

/** A store with a name, and scripts that run with its port. */
class Stack extends Store {
  constructor() {
    super("[ports]\nweb = 29500\n");
  }

  /** Starts a shell script. */
  start(script: string): Running {
    return new Running(["web", "--", "sh", "-c", script], {
      env: { PORT_FOR_STORE: this.storePath },
      prefix: this.network?.prefix ?? [],
      program: STAYING,
    });
  }
}

function stayingTest(name: string, fn: () => Promise<void>): void {
  const ignore = Deno.build.os !== "linux" || !PROGRAM.includes("--allow-all");
  Deno.test({ name, ignore, fn });
}

stayingTest(
  "a command that is run has a parent, whose status is its own",
  async () => {
    using stack = new Stack();
    const endings: [script: string, status: number][] = [
      ["exit 3", 3],
      ["kill -SEGV $$", 139],
      // A signal that has no name but a number.
      ["kill -40 $$", 168],
    ];
    for (const [script, status] of endings) {
      await using program = stack.start(`echo $PPID; ${script}`);
      assertEquals(Number(await program.line()), program.pid);
      assertEquals(await program.ending(), { status, signal: null }, script);
    }
  },
);

const SIGNALS = [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGQUIT", 3],
  ["SIGTERM", 15],
  ["SIGUSR1", Deno.build.os === "linux" ? 10 : 30],
  ["SIGUSR2", Deno.build.os === "linux" ? 12 : 31],
] as const;

stayingTest("signals are passed on, and end the command", async () => {
  using stack = new Stack();
  for (const [signal, number] of SIGNALS) {
    await using program = stack.start("echo $$; exec sleep 600");
    const child = await program.child();
    program.signal(signal);

    // port-for itself is not ended by the signal: it says what ended the child.
    const ending = { status: 128 + number, signal: null };
    assertEquals(await program.ending(), ending);
    assert(isGone(child), signal);
  }
});

stayingTest(
  "a command that deals with a signal itself decides on the status",
  async () => {
    using stack = new Stack();
    for (const [signal] of SIGNALS) {
      const name = signal.slice(3);
      await using program = stack.start(
        `trap 'echo ${name}; exit 7' ${name}; echo $$; while :; do sleep 0.01; done`,
      );
      const child = await program.child();
      program.signal(signal);

      assertEquals(await program.line(), name);
      assertEquals(await program.ending(), { status: 7, signal: null });
      assert(isGone(child), signal);
    }
  },
);

stayingTest("a command that ignores signals is waited for", async () => {
  using stack = new Stack();
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

stayingTest("a command that is killed leaves nothing behind", async () => {
  using stack = new Stack();
  await using program = stack.start("echo $$; exec sleep 600");
  const child = await program.child();
  Deno.kill(child, "SIGKILL");

  assertEquals(await program.ending(), { status: 137, signal: null });
  assert(isGone(child));
});

stayingTest(
  "a signal right after the start does not lose the command",
  async () => {
    using stack = new Stack();
    for (let run = 0; run < 12; run++) {
      // The earliest moment that there is: the child's first deed.
      await using program = stack.start(
        "echo $$; kill -TERM $PPID; exec sleep 600",
      );
      const child = await program.child();

      assertEquals(await program.ending(), { status: 143, signal: null });
      assert(isGone(child));
    }
  },
);
