import {
  type Outcome,
  PROGRAM,
  type RunOptions,
  runTool,
  works,
} from "./program.ts";

/** Whether there is what it takes to run the program in a terminal. */
export const hasTerminals: boolean = Deno.build.os !== "windows" &&
  works("/usr/bin/python3", "-c", "import pty");

/** Runs the program in a terminal of so many columns. */
export async function inTerminal(
  columns: number,
  args: readonly string[],
  { prefix = [], ...options }: RunOptions = {},
): Promise<Outcome> {
  const outcome = await runTool([
    ...["/usr/bin/python3", "-I", "-c", TERMINAL, `${columns}`],
    ...prefix,
    ...PROGRAM,
    ...args,
  ], options);
  // That is how a terminal ends its lines.
  return { ...outcome, stdout: outcome.stdout.replaceAll("\r\n", "\n") };
}

const TERMINAL = `
import fcntl, os, pty, struct, sys, termios
columns, *command = sys.argv[1:]
child, terminal = pty.fork()
if child == 0:
    size = struct.pack("HHHH", 24, int(columns), 0, 0)
    fcntl.ioctl(1, termios.TIOCSWINSZ, size)
    os.execvp(command[0], command)
while True:
    try:
        output = os.read(terminal, 65536)
    except OSError:
        break
    if not output:
        break
    sys.stdout.buffer.write(output)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;
