/**
 * What a machine has promised to others than a store: each test has a machine of
 * its own, whose network, /etc and units of systemd end with it.
 *
 * @module
 */
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import type { ExplainedPort, PortMap } from "../../main.ts";
import { isPromise, RESERVED_FILE } from "../support/fake_runtime.ts";
import { canTrace } from "../support/fault_form.ts";
import { Holder } from "../support/holders.ts";
import {
  ALL_PORTS,
  canReserve,
  Machine,
  type MachineOptions,
  portsIn,
  QUIET,
} from "../support/machine.ts";
import { projectFile } from "../support/namespace.ts";
import {
  asUser,
  NOBODY,
  PROJECT,
  type RunOptions,
  works,
} from "../support/program.ts";
import { assertRefused, assertWarned } from "../support/store.ts";
import { traced } from "../support/traced.ts";

const SERVICES = "/etc/services";
const UNITS = "/etc/systemd/system";
const MACHINE_STORE = "/etc/port-for.toml";

/** A good port that is not next to one that is not. */
const PORT = QUIET + 10;

const FREE = "  free: it can be bound on every local address\n";

/** A test on a machine with an /etc of its own, in which there is little. */
function test(
  name: string,
  run: (machine: Machine) => Promise<void>,
  { needs = true, ...options }: MachineOptions & { needs?: boolean } = {},
): void {
  Deno.test({
    name,
    ignore: !canReserve || !needs,
    fn: async () => {
      await using machine = await Machine.of(options);
      const etc = machine.temp.file("etc");
      await machine.shell(
        `mkdir ${etc}
        for file in passwd group ld.so.cache; do
          test ! -e /etc/$file || cp /etc/$file ${etc}
        done
        mount --bind ${etc} /etc`,
      );
      await run(machine);
    },
  });
}

/** Writes a file below the machine's /etc. */
function write(machine: Machine, path: string, text: string): void {
  const seen = machine.seen(path);
  Deno.mkdirSync(seen.slice(0, seen.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(seen, text);
}

/** What `--explain` says of a port, in text and as JSON. */
async function explained(
  machine: Machine,
  port: number,
): Promise<{ text: string; json: ExplainedPort }> {
  const { stdout: text } = await machine.portFor("--explain", `${port}`);
  const { stdout } = await machine.portFor("--explain", `${port}`, "--json");
  const [json] = JSON.parse(stdout) as ExplainedPort[];
  return { text, json: json! };
}

/** The marks of `--map` for a port and its neighbours. */
async function marksAround(machine: Machine, port: number): Promise<string> {
  const range = `--range=${port - 1}-${port + 1}`;
  const picture = await machine.done("--map", range);
  return /^ *\d+ {2}(\S+)$/m.exec(picture)?.[1] ?? picture;
}

/** Asserts that whoever asks about a port is told who has it. */
async function assertTold(
  machine: Machine,
  port: number,
  claim: string,
): Promise<void> {
  const { text, json } = await explained(machine, port);
  assertEquals(text, `${port}: not good\n  ${claim}\n${FREE}`);
  assertEquals(json.claims?.map(({ text }) => text), [claim]);
  assertEquals(await marksAround(machine, port), "oco");

  assertWarned(
    await machine.portFor(`--port=${port}`, "told"),
    `${port} is ${claim}`,
  );
  const { status, stdout } = await machine.portFor("--check");
  assertEquals(status, 1);
  assertStringIncludes(stdout, `port ${port} of "told" is ${claim}`);
  const range = `--range=${port}`;
  const map: PortMap = JSON.parse(await machine.done("--map", "--json", range));
  assertEquals([map.kinds.claimed.count, map.kinds.good.count], [1, 0]);
  await machine.done("--unbind=told");
}

/** Has NAT rules answer all that orchestrators publish services on. */
const ANSWER_ALL = `nft "add table ip nat
  add chain ip nat output { type nat hook output priority -100; }
  add rule ip nat output tcp dport 30000-32767 redirect to :8443"`;

const canAnswer = canReserve &&
  (Deno.env.has("CI") || works("unshare", "--net", "sh", "-c", ANSWER_ALL));

test(
  "a port that NAT rules may answer is well known, and never given",
  async (machine) => {
    await machine.shell(ANSWER_ALL);
    const { prefix } = machine;
    await using _ = await Holder.of(8443, "listening", "127.0.0.1", { prefix });

    const none = await machine.portFor("--range=30000-32767", "web");
    assertRefused(none, 2, "--range 30000-32767 leaves no good port");
    const { text, json } = await explained(machine, 30080);
    assert(text.startsWith("30080: not good, and in use by"), text);
    assertStringIncludes(text, "well known: Kubernetes NodePorts");
    assertEquals([json.good, json.free], [false, false]);
    // A rule that does not answer yet makes the port no better.
    await machine.shell("nft flush ruleset");
    const { text: quiet } = await explained(machine, 30080);
    assert(quiet.startsWith("30080: not good\n"), quiet);
    assertWarned(await machine.portFor("--port=30080", "web"), "well known");
  },
  { needs: canAnswer },
);

test("--check names a NodePort on a node only", async (machine) => {
  write(machine, machine.store, "[ports]\nold = 30080\nnew = 20080\n");
  /** What is said where only those processes run that a script starts. */
  const problems = async (script = "") => {
    const { stdout } = await machine.portForAs(
      {
        prefix: [
          ...["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c"],
          // Its own process ends with it, and the others with that.
          `${script} "$@"; exit $?`,
          "sh",
        ],
      },
      "--check",
      "--json",
    );
    return JSON.parse(stdout).problems as string[];
  };
  assertEquals(await problems(), []);

  await machine.shell("mount -t tmpfs none /var/lib; mkdir /var/lib/kubelet");
  const [old, ...more] = await problems();
  assertEquals(more, []);
  for (const part of ['30080 of "old"', "30000-32767", "/var/lib/kubelet"]) {
    assertStringIncludes(old!, part);
  }

  const server = "sh -c 'sleep 60; :' apiserver";
  const [moved, ...others] = await problems(
    `${server} --service-node-port-range=20000-20999 &`,
  );
  assertEquals(others, []);
  for (const part of ['20080 of "new"', "20000-20999", "node-port-range"]) {
    assertStringIncludes(moved!, part);
  }
});

test(
  "where only an administrator's ports are left, none of them is given",
  async (machine) => {
    const kept = await machine.kernel();
    assertRefused(await machine.portFor("web"), 1, "1024-65535", "--reserve");
    const port = await machine.port("--reserve", "web");
    assertEquals(portsIn(kept).includes(port), false);
    assertEquals(
      portsIn(await machine.kernel()),
      [...portsIn(kept), port].sort((a, b) => a - b),
    );

    const claim = "kept by the administrator in ip_local_reserved_ports";
    const { text } = await explained(machine, PORT);
    assertStringIncludes(text, `${PORT}: not good\n  ${claim}\n`);
    assertWarned(await machine.portFor(`--port=${PORT}`, "db"), claim);
  },
  { ephemeral: ALL_PORTS, reserved: `${QUIET}-${QUIET + 99}` },
);

test("what port-for keeps for another store is told apart, and named", async (machine) => {
  const other = `--store=${machine.temp.file("other.toml")}`;
  await machine.portFor(other, "--reserve", `--port=${PORT}`, "db");
  const claim = `reserved by port-for for a name in ${other.slice(8)}`;
  await assertTold(machine, PORT, claim);
  // For its own store it is no claim.
  const { stdout } = await machine.portFor(other, `--explain=${PORT}`);
  assert(stdout.startsWith(`${PORT}: good and free`), stdout);
  assertEquals(await machine.done(other, "--check"), "no problem found\n");
});

test("a local line of /etc/services claims its port", async (machine) => {
  const lines = "# ours\r\ntill\t\t" + `${PORT}/tcp shop # cash\r\n`;
  write(machine, SERVICES, lines);
  await assertTold(machine, PORT, "claimed by till in /etc/services");
  // It may well be for a name of its own.
  await machine.portFor(`--port=${PORT}`, "till");
  assertEquals(await machine.done("--check"), "no problem found\n");

  // Text from elsewhere does not speak to a terminal.
  write(machine, SERVICES, `\x1b[31mred ${PORT}/udp\n`);
  const { text } = await explained(machine, PORT);
  assertStringIncludes(text, `claimed by \\u{1b}[31mred in /etc/services`);
});

test("an /etc/services that is no file claims nothing, and hangs nothing", async (machine) => {
  for (const make of ["mkdir", "mkfifo", "ln -s /dev/zero", "ln -s services"]) {
    await machine.shell(`${make} ${SERVICES}`);
    assert((await machine.done(`--explain=${PORT}`)).includes("good and free"));
    await machine.shell(`rm -r ${SERVICES}`);
  }
});

test("an idle socket unit claims its ports, however they are written", async (machine) => {
  const port = (at: number) => PORT + 4 * at;
  write(
    machine,
    `${UNITS}/till.socket`,
    `[Socket]\nListenStream=${port(0)}\nListenStream=127.0.0.1:${port(1)}\n` +
      `ListenStream=[::1]:${port(2)}\n`,
  );
  write(
    machine,
    `${UNITS}/till.socket.d/more.conf`,
    `[Socket]\nListenDatagram=[::]:${port(3)}\n`,
  );
  for (const at of [0, 1, 2, 3]) {
    await assertTold(machine, port(at), "claimed by till.socket");
  }
  await machine.portFor(`--port=${port(0)}`, "till");
  assertEquals(await machine.done("--check"), "no problem found\n");
  await machine.shell(`ln -sf /dev/null ${UNITS}/till.socket`);
  assertEquals(await marksAround(machine, port(1)), "ooo");
});

test("a refusal counts what is promised to others", async (machine) => {
  const range = `--range=${PORT}-${PORT + 5}`;
  const lines = (...ports: number[]) =>
    ports.map((port) => `x${port} ${port}/tcp\n`).join("");
  write(machine, SERVICES, lines(PORT, PORT + 2, PORT + 4));
  const ports = await machine.done("--json", range, "a", "b", "c");
  assertEquals(
    Object.values(JSON.parse(ports)).sort(),
    [PORT + 1, PORT + 3, PORT + 5],
  );
  const counted = "3 are promised to others here, 3 belong to other names";
  assertRefused(await machine.portFor(range, "d"), 1, counted);

  await machine.done("--unbind=a", "--unbind=b", "--unbind=c");
  const claimed = [0, 1, 2, 3, 4, 5].map((at) => PORT + at);
  write(machine, SERVICES, lines(...claimed));
  const refused = await machine.portFor(range, "d");
  // To take names away would be of no use.
  const way = "6 are promised to others here (leave more to choose from";
  assertRefused(refused, 1, way);
});

test("the library explains with claims, too", async (machine) => {
  write(machine, SERVICES, `till ${PORT}/tcp\n`);
  const { stdout, stderr } = await machine.run(
    ...[Deno.execPath(), "eval", "--quiet", `--config=${PROJECT}/deno.json`],
    `import { explainPort } from ${projectFile("main.ts")};
    const { good, claims } = await explainPort(${PORT});
    console.log(JSON.stringify([good, claims]));`,
  );
  assertEquals(JSON.parse(stdout), [false, [{
    kind: "services file",
    by: "till",
    text: "claimed by till in /etc/services",
  }]], stderr);
});

/** A person on a machine: how the program is run as them. */
async function person(machine: Machine, id: number): Promise<RunOptions> {
  const home = machine.temp.file(`home${id}`);
  Deno.mkdirSync(home);
  Deno.chownSync(home, id, id);
  const user = await asUser(id, machine.temp);
  // Without it the store is the machine's, or with --user their own.
  return { ...user, env: { ...user.env, HOME: home, PORT_FOR_STORE: "" } };
}

/** The port that a person is given without a word of warning. */
async function portAs(
  machine: Machine,
  user: RunOptions,
  ...args: string[]
): Promise<number> {
  const { stdout, stderr } = await machine.portForAs(user, ...args);
  assertEquals(stderr, "", args.join(" "));
  return Number(stdout);
}

test("two people and their machine get three ports for one name", async (machine) => {
  const root: RunOptions = { env: { PORT_FOR_STORE: "" } };
  const one = await person(machine, NOBODY);
  const two = await person(machine, NOBODY - 1);
  const everywhere = await machine.port("web");

  const own = await portAs(machine, one, "--user", "web");
  const others = await portAs(machine, two, "--user", "web");
  assertEquals(await portAs(machine, root, "web"), everywhere);
  assertEquals(new Set([own, others, everywhere]).size, 3);
  // A name that has a port keeps it, whatever is promised to others since.
  write(machine, MACHINE_STORE, `[ports]\nshop = ${own}\n`);
  assertEquals(await portAs(machine, one, "--user", "web"), own);
  const { stdout } = await machine.portForAs(one, "--user", "--check");
  const claim = `claimed by "shop" of ${MACHINE_STORE}`;
  assertStringIncludes(stdout, `port ${own} of "web" is ${claim}`);

  await portAs(machine, one, "--user", "--unbind=web");
  assertNotEquals(await portAs(machine, one, "--user", "web"), own);
});

test("the machine's store leaves out what a readable store of its user has", async (machine) => {
  const home = machine.temp.file("home");
  const root: RunOptions = { env: { PORT_FOR_STORE: "", HOME: home } };
  const usual = await machine.port("web");
  const path = `${home}/.local/state/port-for/port-for.toml`;
  // What is wrong with an entry says nothing of the others.
  write(machine, path, `[ports]\nbad = 0\nmine = ${usual}\n`);
  assertNotEquals(await portAs(machine, root, "web"), usual);
  const { text } = await explained(machine, usual);
  assert(text.startsWith(`${usual}: good and free, and belongs`), text);
  const { stdout } = await machine.portForAs(root, `--explain=${usual}`);
  assertStringIncludes(stdout, `claimed by "mine" of ${path}`);
});

test("a store of others that is no use claims nothing, and stops nothing", async (machine) => {
  const user = await person(machine, NOBODY);
  const usual = await portAs(machine, user, "--user", "web");
  const sound = `printf '[ports]\\nx = ${usual}\\n' > ${MACHINE_STORE}`;
  for (
    const [make, counts] of [
      [sound, true],
      [`${sound}; chmod 600 ${MACHINE_STORE}`, false],
      [`${sound}; echo '[' >> ${MACHINE_STORE}`, false],
      [`${sound}; echo 'version = 99' >> ${MACHINE_STORE}`, true],
      [`${sound}; truncate -s 17M ${MACHINE_STORE}`, false],
      [`${sound}; printf '#\\377' >> ${MACHINE_STORE}`, false],
      [`mkdir ${MACHINE_STORE}`, false],
      [`mkfifo ${MACHINE_STORE}`, false],
      [`ln -s port-for.toml ${MACHINE_STORE}`, false],
      [`ln -s /dev/zero ${MACHINE_STORE}`, false],
    ] as const
  ) {
    await portAs(machine, user, "--user", "--unbind=web");
    await machine.shell(make);
    const given = await portAs(machine, user, "--user", "web");
    assertEquals(given !== usual, counts, make);
    await machine.shell(`rm -r ${MACHINE_STORE}`);
  }
});

test("a lookup looks at none of this, a choice does", async (machine) => {
  /** What a call reads of promises. */
  const read = async (...args: string[]) => {
    const { status, calls } = await traced(args, {
      calls: ["%file"],
      env: machine.env,
    });
    assertEquals(status, 0);
    return calls.map(({ args }) => /"([^"]*)"/.exec(args)?.[1])
      .filter((path) => isPromise(path) || path === RESERVED_FILE);
  };
  const chosen = await read("web", "db");
  for (const path of [SERVICES, MACHINE_STORE, UNITS, RESERVED_FILE]) {
    assert(chosen.some((one) => one!.startsWith(path)), path);
  }
  for (const args of [["web"], ["db", "web"], ["--get=web"], ["--list"]]) {
    assertEquals(await read(...args), [], `${args}`);
  }
}, { needs: canTrace });
