/**
 * Programs that start others and have to know them: what they start through
 * port-for is the server itself.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { PYTHON } from "../support/holders.ts";
import { isRoot } from "../support/namespace.ts";
import { PROGRAM, runTool, works } from "../support/program.ts";
import { Running } from "../support/running.ts";
import { Store } from "../support/store.ts";
import { hasTool } from "../support/tools.ts";

const isLinux = Deno.build.os === "linux";
const TEXT = "[ports]\nweb = 24017\n";

/** The program on a store, as words of a shell script. */
function portForOn(store: Store): string {
  return `env PORT_FOR_STORE='${store.storePath}' ${PROGRAM.join(" ")}`;
}

/** Hears what a service tells systemd, and who that is. */
const MANAGER = `
import os, socket, subprocess, sys
path = sys.argv[1]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
manager.bind(path)
manager.settimeout(30)
service = subprocess.Popen(sys.argv[2:], env={**os.environ, "NOTIFY_SOCKET": path})
text, ancillary, *_ = manager.recvmsg(4096, 64)
pid = int.from_bytes(ancillary[0][2][:4], sys.byteorder)
print("the service" if pid == service.pid else "another process", flush=True)
print(text.decode(), service.wait())
`;

/** What a service of Type=notify does, in a few lines. */
const SERVICE = `
import os, socket
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    notify.connect(os.environ["NOTIFY_SOCKET"])
    notify.send(b"READY=1 on " + os.environ["PORT"].encode())
`;

Deno.test({
  name: "a service of Type=notify is the process that systemd started",
  ignore: !isLinux,
  fn: async () => {
    using store = new Store(TEXT);
    const prefix = [PYTHON, "-I", "-c", MANAGER, store.file("notify")];
    const service = ["web", "--", PYTHON, "-I", "-c", SERVICE];
    assertEquals(
      await store.printWith({ prefix }, ...service),
      "the service\nREADY=1 on 24017 0\n",
    );
  },
});

Deno.test({
  name: "systemd-notify speaks for the process that systemd started",
  ignore: !isLinux || !hasTool("systemd-notify", "--version"),
  fn: async () => {
    using store = new Store(TEXT);
    const prefix = [PYTHON, "-I", "-c", MANAGER, store.file("notify")];
    const script = "echo $$ >&2; systemd-notify --no-block --ready --pid=$$";
    const { status, stdout, stderr } = await store.callWith(
      { prefix },
      ...["web", "--", "sh", "-c", script],
    );
    assertEquals(status, 0, stderr);
    assertStringIncludes(stdout, "READY=1");
    assertStringIncludes(stdout, `MAINPID=${stderr.trim()}`);
  },
});

/** Prints what a server finds of the sockets that it was handed. */
const ACTIVATED = `
import os, socket
assert os.environ["LISTEN_PID"] == str(os.getpid()), "another process's"
sockets = [socket.socket(fileno=3 + n) for n in range(int(os.environ["LISTEN_FDS"]))]
peer, _ = sockets[0].accept()
peer.sendall(b"%d sockets, PORT %s" % (len(sockets), os.environ["PORT"].encode()))
`;

Deno.test({
  name: "sockets that systemd hands down arrive, beside the service's own port",
  ignore: !isLinux || !hasTool("systemd-socket-activate", "--version"),
  fn: async () => {
    using store = new Store(TEXT);
    const socket = store.file("socket");
    const server = ["web", "--", PYTHON, "-I", "-c", ACTIVATED];
    const started = store.callWith({
      prefix: [
        ...["systemd-socket-activate", `--listen=${socket}`],
        ...[`--listen=${store.file("other")}`],
        `--setenv=PORT_FOR_STORE=${store.storePath}`,
        ...["PATH", "HOME", "DENO_DIR"].map((name) => `--setenv=${name}`),
      ],
    }, ...server);
    assertEquals(await answerOf(socket), "2 sockets, PORT 24017");
    assertEquals((await started).status, 0);
  },
});

/** Connects to a socket as soon as it is there. */
async function answerOf(path: string): Promise<string> {
  for (;;) {
    try {
      using connection = await Deno.connect({ transport: "unix", path });
      return await new Response(connection.readable).text();
    } catch (error) {
      const { NotFound, ConnectionRefused } = Deno.errors;
      const isEarly = error instanceof NotFound ||
        error instanceof ConnectionRefused;
      if (!isEarly) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

Deno.test({
  name: "runit supervises the server itself",
  ignore: !isLinux || !hasTool("sh", "-c", "command -v runsv && command -v sv"),
  fn: async () => {
    using store = new Store(TEXT);
    Deno.mkdirSync(store.file("shop"));
    const facts = 'echo "$$ $PORT"; exec sleep 600';
    store.writeProgram(
      "shop/run",
      `#!/bin/sh\nexec 2>&1\nexec ${
        portForOn(store)
      } web -- sh -c '${facts}'\n`,
    );
    const folder = store.file("shop");
    await using supervisor = new Running([folder], {
      program: ["runsv"],
      prefix: store.network?.prefix ?? [],
    });
    const [pid, port] = (await supervisor.line()).split(" ");
    const { stdout } = await runTool(["sv", "status", folder]);
    await runTool(["sv", "force-shutdown", folder]);

    assertStringIncludes(stdout, `(pid ${pid})`);
    assertEquals(port, "24017");
  },
});

Deno.test({
  name: "in a container, the server is the first process",
  ignore: !isRoot || !works("unshare", "--pid", "--fork", "true"),
  fn: async () => {
    using store = new Store(TEXT);
    const prefix = ["unshare", "--pid", "--fork", "--mount-proc", "--"];
    const script = "echo $$; ps -e -o comm=; true";
    assertEquals(
      await store.printWith({ prefix }, "web", "--", "sh", "-c", script),
      "1\nsh\nps\n",
    );
  },
});
