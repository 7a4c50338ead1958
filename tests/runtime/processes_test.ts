/**
 * What shows only from outside of a process, or between two of them.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { runTool } from "../support/program.ts";
import { hasTerminal, Terminal } from "../support/terminal.ts";
import { hasTool } from "../support/tools.ts";
import { TempFolder } from "../support/temp.ts";
import { type Engine, runner } from "./engine.ts";

const ENGINES: readonly Engine[] = ["Deno", "Bun"];

const hasPython = hasTool("python3", "-c", "");

for (const holder of ENGINES) {
  for (const other of ENGINES) {
    Deno.test(
      `${holder} holding a lock keeps ${other} out, until its process ends`,
      async () => {
        using temp = new TempFolder();
        const lock = temp.write("lock", "");
        const [command, ...args] = [
          ...await runner(holder, temp),
          "hold",
          lock,
        ];
        const tryLock = [...await runner(other, temp), "try", lock];
        const process = new Deno.Command(command!, {
          args,
          stdin: "piped",
          stdout: "piped",
        }).spawn();
        const output = process.stdout.getReader();
        try {
          const { value } = await output.read();
          assertEquals(new TextDecoder().decode(value), "held\n");
          assertEquals((await runTool(tryLock)).stdout, "false\n");
        } finally {
          // Not let go of: only the end of the process does that.
          process.kill("SIGKILL");
          await process.status;
          await output.cancel();
          await process.stdin.abort();
        }
        assertEquals((await runTool(tryLock)).stdout, "true\n");
      },
    );
  }
}

for (const engine of ENGINES) {
  Deno.test(`on ${engine} writeOut says that the disk is full`, async () => {
    using temp = new TempFolder();
    const print = [...await runner(engine, temp), "print", "10"];
    const toFullDisk = ["sh", "-c", '"$@" >/dev/full', "sh", ...print];
    assertEquals((await runTool(toFullDisk)).stderr, "ENOSPC\n");
  });

  Deno.test(`on ${engine} writeOut says that nobody reads on`, async () => {
    using temp = new TempFolder();
    const print = [...await runner(engine, temp), "print", "1000000"];
    const { stdout, stderr } = await runTool(
      ["sh", "-c", '"$@" | head -c 5', "sh", ...print],
    );
    assertEquals(stdout, "01234");
    assertEquals(stderr, "EPIPE\n");
  });

  Deno.test(
    `on ${engine} writeOut waits for a slow reader of a pipe that does not block`,
    { ignore: !hasPython },
    async () => {
      using temp = new TempFolder();
      const print = [...await runner(engine, temp), "print", "1000000"];
      const { stdout, stderr } = await runTool(
        ["python3", "-I", "-S", "-c", SLOW_READER, ...print],
      );
      assertEquals(stderr, "");
      assertEquals(stdout, "1000000\n");
    },
  );

  Deno.test(`on ${engine} a pipe has no terminal's width`, async () => {
    using temp = new TempFolder();
    const width = [...await runner(engine, temp), "width"];
    assertEquals((await runTool(width)).stdout, "width: undefined\n");
  });

  Deno.test(
    `on ${engine} a terminal has the width that it was given`,
    { ignore: !hasTerminal },
    async () => {
      using temp = new TempFolder();
      const width = [...await runner(engine, temp), "width"];
      const inTerminal = (columns: number) =>
        runTool([
          ...["script", "-qec"],
          `stty cols ${columns}; exec ${width.join(" ")}`,
          "/dev/null",
        ]);
      assertEquals((await inTerminal(77)).stdout, "width: 77\r\n");
    },
  );

  Deno.test(
    `on ${engine} runInPlace gives the command this process's streams`,
    async () => {
      using temp = new TempFolder();
      const program = await runner(engine, temp);
      const command = [...program, "command", "sh", "-c", "cat; echo oh >&2"];
      const { stdout, stderr } = await runTool(
        ["sh", "-c", 'echo in | "$@"', "sh", ...command],
      );
      assertEquals(stdout, "in\nstatus 0\n");
      assertEquals(stderr, "oh\n");
    },
  );

  Deno.test(
    `on ${engine} the interrupt key interrupts a command once`,
    { ignore: !hasTerminal || !hasPython },
    async () => {
      using temp = new TempFolder();
      const program = temp.write("command.py", COUNTS_INTERRUPTS);
      await using terminal = new Terminal(
        [...await runner(engine, temp), "command", "python3", program],
        { cwd: temp.path },
      );
      await terminal.shows("ready");
      await terminal.type("\x03");
      const { before } = await terminal.shows(" status 0");
      assertMatch(before, /interrupts: 1$/);
    },
  );

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.test(`on ${engine} runInPlace passes ${signal} on`, async () => {
      using temp = new TempFolder();
      const script = `trap "echo got it; exit 9" ${signal.slice(3)}
        echo ready; for i in $(seq 500); do sleep 0.02; done`;
      const [command, ...args] = [
        ...await runner(engine, temp),
        ...["command", "sh", "-c", script],
      ];
      await using process = new Deno.Command(command!, {
        args,
        // None of them is a terminal, whose key would reach both.
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      let shown = "";
      for await (const text of process.stdout.pipeThrough(decoder())) {
        shown += text;
        if (shown === "ready\n") process.kill(signal);
      }
      assertEquals(shown, "ready\ngot it\nstatus 9\n");
    });
  }
}

/** Counts interrupts until what its parent passes on behind them arrives. */
const COUNTS_INTERRUPTS = `
import os, signal
waited = {signal.SIGINT, signal.SIGTERM}
signal.pthread_sigmask(signal.SIG_BLOCK, waited)
print("ready", flush=True)
interrupts = 0
while signal.sigwait(waited) == signal.SIGINT:
    interrupts += 1
    os.kill(os.getppid(), signal.SIGTERM)
print("interrupts:", interrupts, end=" ")
`;

/**
 * Runs a command with a standard output that does not block, does not read
 * from it until it is full, and prints how much came.
 */
const SLOW_READER = `
import array, fcntl, os, subprocess, sys, termios, time
reader, writer = os.pipe()
os.set_blocking(writer, False)
capacity = fcntl.fcntl(reader, 1032)
process = subprocess.Popen(sys.argv[1:], stdout=writer)
os.close(writer)
waiting = array.array("i", [0])
while waiting[0] < capacity and process.poll() is None:
    fcntl.ioctl(reader, termios.FIONREAD, waiting)
    time.sleep(0.01)
count = 0
while chunk := os.read(reader, 65536):
    count += len(chunk)
    time.sleep(0.001)
process.wait()
print(count)
`;

function decoder(): TextDecoderStream {
  return new TextDecoderStream();
}
