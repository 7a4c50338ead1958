import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { HIDE_PROMISES } from "../support/mounts.ts";
import { isRoot } from "../support/namespace.ts";
import { type Outcome, portFor, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Root of a network, and of mounts, that end with a call. */
const UNSHARE = [
  ...["unshare", "--net", "--mount"],
  ...(isRoot ? [] : ["--map-root-user"]),
];
const canUnshare = Deno.build.os === "linux" &&
  works(...UNSHARE, "bash", "-c", "true");

const KERNEL = "/proc/sys/net/ipv4/ip_local_reserved_ports";
const FILE = "sysctl/99-zz-port-for.conf";

/**
 * A store and a folder for sysctl files. What happens to the kernel's list of
 * reserved ports happens in a network namespace, which ends with each call.
 */
class Machine extends TempFolder {
  constructor(store = "") {
    super();
    Deno.mkdirSync(this.file("sysctl"));
    this.write("ports.toml", store);
  }

  /** The ports that port-for's sysctl file reserves. */
  get kept(): string | undefined {
    try {
      return / = (.*)\n$/.exec(this.read(FILE))?.[1];
    } catch {
      return undefined;
    }
  }

  /** Runs a shell script in which `port_for` is the program, with the store. */
  run(script: string): Promise<Outcome> {
    const setUp = `${HIDE_PROMISES}
      kernel=${KERNEL}; program=("$@")
      port_for() { "\${program[@]}" "$@"; }`;
    return portFor(["--store", this.file("ports.toml")], {
      env: { PORT_FOR_SYSCTL_DIR: this.file("sysctl") },
      prefix: [...UNSHARE, "bash", "-c", `${setUp}\n${script}`, "bash"],
    });
  }
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !canUnshare, fn });
}

test("--reserve tells the kernel and the sysctl file, --unbind takes it back", async () => {
  using machine = new Machine();
  const { status, stdout, stderr } = await machine.run(`
    port_for --reserve web; cat $kernel
    cp ${machine.file(FILE)} ${machine.file("copy")}
    port_for --unbind web; cat $kernel`);
  const [port, reserved, after] = stdout.split("\n");

  assertEquals([status, stderr], [0, ""]);
  assertEquals([reserved, after], [port, ""]);
  assertStringIncludes(
    machine.read("copy"),
    `net.ipv4.ip_local_reserved_ports = ${port}\n`,
  );
  assertEquals(machine.kept, undefined);
  assertEquals(machine.read("ports.toml").includes("web"), false);
});

test("what others have reserved stays reserved", async () => {
  using machine = new Machine();
  machine.write(
    "sysctl/50-other.conf",
    "net/ipv4/ip_local_reserved_ports = 3000,3005-3006\n",
  );
  const { stdout, stderr } = await machine.run(`
    echo 3000,3005-3006,4000 > $kernel
    port_for --reserve -p 29500 web; cat $kernel
    grep = ${machine.file(FILE)} | cut -d= -f2
    port_for --unbind web; cat $kernel`);

  assertEquals(stderr, "");
  assertEquals(stdout.split("\n"), [
    "29500",
    "3000,3005-3006,4000,29500",
    // What the kernel alone has been told goes on at the next boot as well.
    " 3000,3005-3006,4000,29500",
    "3000,3005-3006,4000",
    "",
  ]);
  assertEquals(machine.kept, undefined);
});

test("a port that others keep reserved is not taken back from them", async () => {
  using machine = new Machine();
  machine.write(
    "sysctl/50-other.conf",
    "net.ipv4.ip_local_reserved_ports=29500\n",
  );
  const { stdout } = await machine.run(`
    echo 29500 > $kernel
    port_for --reserve -p 29500 web
    port_for --unbind web; cat $kernel`);

  assertEquals(stdout, "29500\n29500\n");
  assertEquals(machine.kept, undefined);
});

test("where the ephemeral range takes every port, --reserve finds one", async () => {
  using machine = new Machine();
  const { status, stdout } = await machine.run(`
    echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range
    port_for --reserve web; cat $kernel
    port_for web`);
  const [port, reserved, again] = stdout.split("\n");

  assertEquals(status, 0);
  assert(Number(port) >= 1024);
  assertEquals([reserved, again], [port, port]);
});

test("--reserve of a name that has a port reserves that port", async () => {
  using machine = new Machine("[ports]\nweb = 29500 # mine\n");
  const { stdout } = await machine.run(`
    port_for --reserve web; cat $kernel
    port_for --reserve web; cat $kernel`);

  assertEquals(stdout, "29500\n29500\n29500\n29500\n");
  assertEquals(
    machine.read("ports.toml"),
    '[ports]\nweb = { port = 29500, reserved = "kernel" } # mine\n',
  );
  assertEquals(machine.kept, "29500");
});

test("a block is reserved as a whole", async () => {
  using machine = new Machine();
  const { stdout } = await machine.run(`
    port_for --reserve --count 3 --port 29500 web >/dev/null; cat $kernel
    port_for --unbind web; cat $kernel`);

  assertEquals(stdout, "29500-29502\n\n");
});

test("--reserve without a name puts right what a reboot has undone", async () => {
  using machine = new Machine();
  await machine.run("port_for --reserve -p 29500 web");
  // Another namespace: a kernel that knows nothing of it.
  const { status, stdout } = await machine.run(`
    cat $kernel
    port_for --check | grep -c 'no longer reserved'
    rm ${machine.file(FILE)}
    port_for --reserve; cat $kernel
    port_for --reserve --json
    port_for --check >&2`);

  assertEquals(stdout, '\n1\nweb: 29500\n29500\n{"web":29500}\n');
  assertEquals(status, 0);
  assertEquals(machine.kept, "29500");
});

test("where the kernel lets nobody write, nothing is changed", async () => {
  using machine = new Machine("[ports]\nweb = 29500\n");
  const { status, stdout, stderr } = await machine.run(`
    mount --bind /proc/sys /proc/sys
    mount -o remount,bind,ro /proc/sys
    port_for --reserve db`);

  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, "port-for: cannot ");
  assertStringIncludes(stderr, "read-only");
  assertEquals(machine.read("ports.toml"), "[ports]\nweb = 29500\n");
  assertEquals(machine.kept, undefined);
});

test("where the sysctl file cannot be written, store and kernel stay as they were", async () => {
  using machine = new Machine("[ports]\nweb = 29500\n");
  // A folder is in the way of the file.
  Deno.mkdirSync(machine.file(FILE));
  const { stdout, stderr } = await machine.run(`
    echo 4000 > $kernel
    port_for --reserve db; echo status $?; cat $kernel`);

  assertEquals(stdout, "status 1\n4000\n");
  assertStringIncludes(stderr, "port-for: cannot ");
  assertEquals(machine.read("ports.toml"), "[ports]\nweb = 29500\n");
});

test("names that are reserved at once are all reserved", async () => {
  using machine = new Machine();
  const { stdout } = await machine.run(`
    for name in a b c d e f g h; do port_for --reserve --wait 60 $name & done
    wait
    cat $kernel; port_for --list | wc -l
    for name in a b c d e f g h; do port_for --unbind $name --wait 60 & done
    wait
    cat $kernel`);
  const lines = stdout.trimEnd().split("\n");
  const reserved = lines[8]!.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, at) => first! + at);
  });

  assertEquals(
    reserved.sort((a, b) => a - b),
    lines.slice(0, 8).map(Number).sort((a, b) => a - b),
  );
  assertEquals(lines.slice(9), ["8"]);
  assertEquals(machine.kept, undefined);
});
