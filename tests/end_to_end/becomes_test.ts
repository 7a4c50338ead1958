import { assertEquals, assertStringIncludes } from "@std/assert";
import { PYTHON } from "../support/holders.ts";
import { PROGRAM, PROJECT, works } from "../support/program.ts";
import { Store } from "../support/store.ts";
import { hasTerminal, inTerminal, Terminal } from "../support/terminal.ts";

const isLinux = Deno.build.os === "linux";
const TEXT = "[ports]\nweb = 24017\n";

/** Runs a call of the program by a line of shell, as `"$@"`. */
function by(line: string): { prefix: string[] } {
  return { prefix: ["sh", "-c", line, "sh"] };
}

Deno.test({
  name: "the command is the process that was port-for, with its parent",
  ignore: !isLinux,
  fn: async () => {
    using store = new Store(TEXT);
    const facts = "echo $$ $PPID; ps -o comm= -p $$";
    const printed = await store.printWith(
      by('echo $$ $PPID; exec "$@"'),
      ...["web", "--", "sh", "-c", facts],
    );
    const [before, after, name] = printed.trimEnd().split("\n");
    assertEquals([after, name], [before, "sh"]);
    // What is called as given is called so.
    assertEquals(
      await store.print("web", "--", "cat", "/proc/self/cmdline"),
      "cat\0/proc/self/cmdline\0",
    );
  },
});

/**
 * What may be set for a process that it passes on: a mask, signals that are
 * ignored, descriptors (one of which does not block), and an environment in
 * which names are there twice and values are no text.
 */
const EVERYTHING = `
import ctypes, os, socket, sys
from signal import *
pthread_sigmask(SIG_BLOCK, {SIGUSR1, SIGTERM, SIGCHLD, SIGALRM, SIGWINCH})
for one in SIGUSR2, SIGHUP, SIGTSTP, SIGCHLD, SIGALRM, SIGWINCH:
    signal(one, SIG_IGN)
for one in SIGPIPE, SIGXFSZ:
    signal(one, SIG_DFL)
reading, writing = os.pipe()
os.set_blocking(reading, False)
listening = socket.create_server(("127.0.0.1", 0))
for fd in reading, writing, listening.fileno():
    os.set_inheritable(fd, True)
os.umask(0o027)
def array(entries):
    return (ctypes.c_char_p * (len(entries) + 1))(*entries, None)
entries = [
    b"PORT=1", b"A=\\xff\\xfe", b"PORT=2", b"WEB_PORT=9", b"B=\\xc3\\xa9 \\n x",
    *(name + b"=" + value for name, value in os.environb.items()),
    b"WEB_PORT=8", b"LISTEN_FDS=1", b"LISTEN_PID=%d" % 1, b"EMPTY=", b"A=again",
    b"no equals sign", b"=odd", b"PORT=",
]
words = [os.fsencode(word) for word in sys.argv[1:]]
ctypes.CDLL(None).execve(words[0], array(words), array(entries))
sys.exit("cannot run " + sys.argv[1])
`;

const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  "run by exec": by('exec "$@"').prefix,
  "a shell's child": by('"$@"; exit $?').prefix,
  "in the background": by('"$@" & wait').prefix,
  "a job in the background": ["sh", "-mc", '"$@" & wait', "sh"],
  "under nohup": by("trap '' HUP; exec \"$@\"").prefix,
  "with few open files": by('ulimit -Sn 300; "$@"; exit $?').prefix,
  "without input": by('"$@" </dev/null; exit $?').prefix,
  "with everything set": [PYTHON, "-I", "-S", "-c", EVERYTHING],
};

/** The probe, which writes to a file. */
const PROBE = [PYTHON, "-I", `${PROJECT}/tests/support/process_probe.py`];

/** Which signals are ignored: Python itself ignores some. */
const SIGNALS = ["/usr/bin/grep", "^SigIgn", "/proc/self/status"];

/** The signals that are ignored, but for those of the C library. */
function ignoredIn(text: string): string {
  const mask = BigInt(`0x${text.trim().split("\t")[1]}`);
  return (mask & ~(3n << 31n)).toString(2);
}

for (const where of ["a pipe", "a terminal"] as const) {
  Deno.test({
    name: `at ${where}, a command begins as if port-for had not been there`,
    ignore: !isLinux || (where === "a terminal" && !hasTerminal),
    fn: async (t) => {
      for (const [what, prefix] of Object.entries(SETTINGS)) {
        await t.step(what, async () => {
          using store = new Store(TEXT);
          const file = store.file("facts");
          const run = async (program: readonly string[], words: string[]) => {
            const { stdout } = where === "a pipe"
              ? await store.callWith({ prefix, program }, ...words)
              : await inTerminal(80, words, {
                prefix: [...store.network?.prefix ?? [], ...prefix],
                program,
                env: { PORT_FOR_STORE: store.storePath },
              });
            return stdout;
          };
          const look = async (...portFor: string[]) => {
            const [program = "", ...words] = [...portFor, ...PROBE];
            await run([program], [...words, file]);
            const [other = "", ...more] = [...portFor, ...SIGNALS];
            const ignored = ignoredIn(await run([other], more));
            return { ...JSON.parse(store.read("facts")), ignored };
          };
          const direct = await look();
          const through = await look(...PROGRAM, "web", "--");

          const others = direct.environment.filter((entry: string) =>
            !/^(WEB_)?PORT=/.test(entry)
          );
          const environment = [...others, "PORT=24017", "WEB_PORT=24017"];
          assertEquals(through, { ...direct, environment });
        });
      }
    },
  });
}

Deno.test({
  name: "bytes that are not UTF-8 reach the command as they are",
  ignore: !isLinux,
  fn: async () => {
    using store = new Store(TEXT);
    const file = store.file("arguments");
    const line = '"$@" "$(printf "a\\377b{web}\\303\\251")"';
    const words = ["sh", "-c", 'printf %s "$1" >"$0"', file];
    await store.printWith(by(line), "web", "--", ...words);
    assertEquals(
      [...Deno.readFileSync(file)],
      [0x61, 0xff, 0x62, ...new TextEncoder().encode("24017é")],
    );
  },
});

Deno.test({
  name: "a command is looked for as execvp does",
  ignore: !isLinux,
  fn: async () => {
    using store = new Store(TEXT);
    for (const folder of ["folder", "script", "plain", "empty"]) {
      Deno.mkdirSync(store.file(folder));
    }
    Deno.mkdirSync(store.file("folder/tool"));
    store.writeProgram("script/tool", 'echo "script $0 $PORT"\n');
    store.write("plain/tool", "echo plain\n");
    for (
      const [path, expected] of [
        ["script", 0],
        ["folder:script", 0],
        ["plain:script", 0],
        ["folder", 126],
        ["plain", 126],
        ["empty:plain", 126],
        ["empty", 127],
        ["", 127],
      ] as const
    ) {
      const folders = path.split(":").map((one) => one && store.file(one));
      const cwd = store.file("empty");
      const { prefix } = by(`PATH='${folders.join(":")}' "$@"`);
      const { status, stdout, stderr } = await store.callWith(
        { prefix, cwd },
        ...["web", "--", "tool"],
      );
      assertEquals(status, expected, `${path}: ${stderr}`);
      if (expected === 0) {
        assertEquals(stdout, `script ${store.file("script/tool")} 24017\n`);
      } else assertStringIncludes(stderr, 'port-for: cannot run "tool": ');
      // As another program that becomes a command has it.
      const { status: usual } = await store.callWith(
        { prefix, cwd, program: ["/usr/bin/env"] },
        "tool",
      );
      assertEquals(status, usual, path);
    }
  },
});

Deno.test({
  name: "descriptors that were handed in are the command's",
  ignore: !isLinux || !works("bash", "--version") || !works("make", "-v"),
  fn: async () => {
    using store = new Store(TEXT);
    const inBash = {
      prefix: ["bash", "-c", '"$@" web -- cat <(echo hi)', "x"],
    };
    assertEquals(await store.printWith(inBash), "hi\n");

    const lock = store.file("a lock");
    const locking = by(`exec 9>'${lock}'; flock 9; "$@"`);
    const held = `flock -n 9 && ! flock -n '${lock}' true && echo held`;
    const words = ["web", "--", "sh", "-c", held];
    assertEquals(await store.printWith(locking, ...words), "held\n");

    // A make that gets no jobserver warns of it.
    store.write(
      "Makefile",
      `
all: ; +@$(PORT_FOR) web -- $(MAKE) -f sub
`,
    );
    store.write("sub", "all: a b\na b: ; @echo $@ $(WEB_PORT)\n");
    const making = {
      program: ["make", "-j3", "-f", "Makefile"],
      cwd: store.path,
      env: { PORT_FOR: PROGRAM.join(" ") },
    };
    const { status, stdout, stderr } = await store.callWith(making);
    assertEquals([status, stderr], [0, ""]);
    assertStringIncludes(stdout, "a 24017\n");
  },
});

Deno.test({
  name: "pipes are the command's, to the last byte and the first signal",
  ignore: !isLinux,
  fn: async () => {
    using store = new Store(TEXT);
    const print = (line: string) => store.printWith(by(line));

    const slowly = '"$@" web -- seq 1 300000 | { sleep 0.3; wc -c; }';
    assertEquals(await print(slowly), "1988895\n");
    const yes = '"$@" web -- sh -c "yes | head -1"; "$@" web -- yes | head -1';
    assertEquals(await print(yes), "y\ny\n");
    const input = 'printf "a\\nb\\n" | "$@" web -- cat';
    assertEquals(await print(input), "a\nb\n");
    const rest = 'seq 1 5 | { read first; "$@" web -- cat; }';
    assertEquals(await print(rest), "2\n3\n4\n5\n");
  },
});

Deno.test({
  name:
    "a command that could not be run leaves pipes and terminal as they were",
  ignore: !isLinux,
  fn: async () => {
    using store = new Store(TEXT);
    const line = '{ "$@" web -- /nonexistent; seq 1 200000; } 2>/dev/null | ' +
      "{ sleep 0.2; tail -1; }";
    assertEquals(await store.printWith(by(line)), "200000\n");
  },
});

Deno.test({
  name: "keys of a terminal do to a command what they do without port-for",
  ignore: !isLinux || !hasTerminal || !works("bash", "--version"),
  fn: async () => {
    using store = new Store(TEXT);
    await using terminal = new Terminal(
      ["bash", "--norc", "--noediting", "-i"],
      {
        cwd: store.path,
        env: { PORT_FOR_STORE: store.storePath, PS1: PROMPT },
      },
    );
    const web = `${PROGRAM.join(" ")} web --`;
    await terminal.shows(PROMPT);
    store.write("waiting.py", WAITING);
    await terminal.type(`${web} ${PYTHON} -I -S waiting.py\n`);
    await terminal.shows("\nready\r\n");
    await terminal.type(CTRL_Z);
    await terminal.shows("Stopped");
    await terminal.shows(PROMPT);
    await terminal.type("fg\n");
    await terminal.shows("\nagain\r\n");
    await terminal.type(CTRL_C);
    await terminal.shows(PROMPT);
    await terminal.type("echo status $?\n");
    await terminal.shows("status 130\r\n");
    // The terminal itself is as it was.
    const modes = `${web} stty -a | grep -c "isig icanon"`;
    await terminal.type(`echo "modes $(${modes})"\n`);
    await terminal.shows("modes 1\r\n");
  },
});

/** Says when it goes on. A shell's loop may be stopped while it starts a child. */
const WAITING = `
from os import write
from signal import *
signal(SIGINT, SIG_DFL)
pthread_sigmask(SIG_BLOCK, {SIGCONT})
write(1, b"ready\\n")
while sigwait({SIGCONT}): write(1, b"again\\n")
`;

const PROMPT = "prompt> ";
const CTRL_C = "\x03";
const CTRL_Z = "\x1a";
