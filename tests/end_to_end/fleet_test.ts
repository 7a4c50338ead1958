/**
 * The program with a store in an etcd cluster, from moving in to moving out.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Authority } from "../support/certificates.ts";
import { Etcd, hasEtcd } from "../support/etcd.ts";
import { Mounts } from "../support/mounts.ts";
import { isRoot } from "../support/namespace.ts";
import { type Outcome, portFor, type RunOptions } from "../support/program.ts";
import { assertRefused } from "../support/store.ts";
import { TempFolder } from "../support/temp.ts";

const etcd = hasEtcd ? await Etcd.start() : undefined;
Deno.test.afterAll(async () => await etcd?.[Symbol.asyncDispose]());

let prefixes = 0;

/** A machine with a cache of its own, whose store is in the cluster. */
class Machine extends TempFolder {
  readonly store: string;

  constructor(store = `etcd://${etcd!.endpoint}/e2e${++prefixes}`) {
    super();
    this.store = store;
  }

  get prefix(): string {
    return this.store.slice(this.store.lastIndexOf("/"));
  }

  call(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return portFor(args, {
      ...options,
      env: {
        PORT_FOR_STORE: this.store,
        XDG_CACHE_HOME: this.path,
        ...options.env,
      },
    });
  }

  async print(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.call(args);
    assertEquals([status, stderr], [0, ""], args.join(" "));
    return stdout;
  }
}

function fleetTest(name: string, fn: () => Promise<void>, needs = true): void {
  Deno.test({ name, ignore: !etcd || !needs, fn });
}

fleetTest("everything that makes sense for a fleet works in one", async () => {
  using machine = new Machine();
  const web = await machine.print("web");
  assertEquals(await machine.print("web"), web);
  assertEquals(await machine.print("--get", "web"), web);
  assertEquals(await machine.print("--port", "20500", "db"), "20500\n");
  const block = await machine.print("--count", "3", "jobs");
  const [first = 0] = block.split("\n").map(Number);
  assertEquals(block, `${first}\n${first + 1}\n${first + 2}\n`);
  await machine.print("--udp", "dns");
  await machine.print("--ttl", "1h", "lease");
  assertEquals(await machine.print("--unbind", "lease"), "");
  assertEquals(await machine.print("--unbind", "dns"), "");
  const ports = `db: 20500\njobs: ${first}-${first + 2}\nweb: ${web}`;
  assertEquals(await machine.print("--list"), ports);
  assertEquals(
    JSON.parse(await machine.print("--json", "web", "db")),
    { web: Number(web), db: 20500 },
  );
  assertEquals(await machine.print("--env", "web"), `WEB_PORT=${web}`);
  assertEquals(await machine.print("web", "--", "printenv", "PORT"), web);
  const statuses = JSON.parse(await machine.print("--status", "--json"));
  assertEquals(statuses.length, 3);
  const explained = await machine.call(["--explain", "db"]);
  assertStringIncludes(explained.stdout, '"db"');
  assertEquals((await machine.call(["--check"])).stderr, "");
  // What the command line is told it beats.
  using other = new Machine();
  assertEquals(
    await machine.print("--store", other.store, "--list", "--json"),
    "{}\n",
  );
});

fleetTest("a store moves in from a file, and out to one", async () => {
  using machine = new Machine();
  const text = `version = 1

[ports]
"example.com/apache" = 20510
jobs = { port = 20520, count = 4 }
web = { port = 80, allow = true }
`;
  const file = machine.write("machine.toml", text);
  assertEquals(
    await machine.print("--import", file),
    "example.com/apache: 20510\njobs: 20520-20523\nweb: 80\n",
  );
  assertEquals(await machine.print("--list", "--toml"), text);
  assertEquals(await machine.print("--import", file), "");
  await machine.print("--unbind", "web");
  await machine.print("--port", "20530", "web");
  assertRefused(await machine.call(["--import", file]), 1, "20530", "80");
  const policy = machine.write(
    "policy.toml",
    '[policy]\nrange = "20000-20999"\n',
  );
  const { status, stderr } = await machine.call(["--import", policy]);
  assertEquals(status, 0);
  assertStringIncludes(stderr, "[policy]");
});

fleetTest("orphaned keys are mended with --check --fix", async () => {
  using machine = new Machine();
  await etcd!.ctl("put", `${machine.prefix}/v1/port/20540`, "nobody");
  const found = await machine.call(["--check"]);
  assertEquals(found.status, 1);
  assertStringIncludes(found.stdout, "--check --fix");
  const mended = await machine.call(["--check", "--fix"]);
  assertEquals(mended.status, 0, mended.stdout);
  assertStringIncludes(mended.stdout, "note: ");
  assertEquals((await machine.call(["--check"])).status, 0);
  assertRefused(
    await machine.call(["--store", machine.file("x.toml"), "--check", "--fix"]),
    2,
    "--fix",
  );
});

fleetTest(
  "what makes no sense for a fleet is refused with a reason",
  async () => {
    using machine = new Machine();
    for (
      const [args, text] of [
        [["--here", "web"], "checkout"],
        [["--reserve", "web"], "kernel"],
        [["--prune"], "ends by itself"],
        [["--ttl", "3s", "web"], "5 s"],
      ] as const
    ) assertRefused(await machine.call(args), 2, text, machine.store);
    for (
      const [store, text] of [
        ["etcd://10.1.2.3/x", "etcds://"],
        ["etcd://me:secret@localhost/x", "ETCDCTL_USER"],
        ["etcd://localhost:2379/a b", "prefix"],
        ["etcds://:1/x", "host"],
      ] as const
    ) assertRefused(await machine.call(["--store", store, "web"]), 2, text);
  },
);

fleetTest(
  "a port that is not good on this machine is told, with a warning",
  async () => {
    using one = new Machine();
    using two = new Machine(one.store);
    await one.call(["--port", "40000", "web"]);
    const { status, stdout, stderr } = await two.call(["web"]);
    assertEquals([status, stdout], [0, "40000\n"]);
    assertStringIncludes(stderr, "ephemeral range");
    const port = await one.print("db");
    using _ = Deno.listen({ hostname: "127.0.0.1", port: Number(port) });
    const first = await two.call(["db"]);
    assertEquals([first.status, first.stdout], [0, port]);
    assertStringIncludes(first.stderr, "in use on this machine");
    // From then on it is the service's own.
    assertEquals(await two.print("db"), port);
  },
);

fleetTest(
  "the machine's file names the cluster, and how to be trusted",
  async () => {
    using machine = new Machine();
    await using guarded = await Etcd.start();
    for (
      const command of [
        ["role", "add", "ports"],
        [
          "role",
          "grant-permission",
          "ports",
          "--prefix=true",
          "readwrite",
          "/port-for/",
        ],
        ["user", "add", "web:s3cret"],
        ["user", "grant-role", "web", "ports"],
        ["user", "add", "root:root"],
        ["user", "grant-role", "root", "root"],
        ["auth", "enable"],
      ]
    ) await guarded.ctl(...command);
    const password = machine.write("password", "s3cret\n");
    const store = `etcd://${guarded.endpoint}`;
    await using mounts = await Mounts.of(
      `cp -a /etc/. "$folder"; mount --bind "$folder" /etc`,
    );
    const write = (text: string) =>
      Deno.writeTextFileSync(mounts.root("/etc/port-for.toml"), text);
    write(
      `store = "${store}"\n\n[etcd]\nuser = "web"\npassword-file = "${password}"\n`,
    );
    const own = { PORT_FOR_STORE: undefined };
    const { prefix } = mounts;
    const asks = (...args: string[]) =>
      machine.call(args, { prefix, env: own });
    const { status, stdout, stderr } = await asks("web");
    assertEquals([status, stderr], [0, ""]);
    assertEquals((await asks("--list")).stdout, `web: ${stdout}`);
    // The machine's password is not shown to another store.
    assertRefused(
      await asks("--store", `${store}/other`, "web"),
      1,
      "ETCDCTL_USER",
    );
    // Own names, and stores that are named, are elsewhere.
    const named = await asks("--store", machine.file("x.toml"), "--list");
    assertEquals([named.status, named.stdout], [0, ""]);
    for (
      const [text, part] of [
        ['store = "http://x"\n', '"store"'],
        [`store = "${store}"\n[etcd]\npasswort = "x"\n`, "password-file"],
        [`store = "${store}"\n[etcd]\nuser = 5\n`, '"user"'],
      ] as const
    ) {
      write(text);
      assertRefused(await asks("web"), 1, part);
    }
  },
  isRoot,
);

fleetTest(
  "certificates, users and passwords count as operators have set them",
  async () => {
    using temp = new TempFolder();
    const ours = await Authority.of("ours", temp);
    const theirs = await Authority.of("theirs", temp);
    const server = await ours.certificate("server", { names: "IP:127.0.0.1" });
    const client = await ours.certificate("client");
    await using guarded = await Etcd.start({
      ...{ ca: ours.ca, clientCa: ours.ca, ...server, client },
    });
    for (
      const command of [
        ["user", "add", "root:r00t"],
        ["user", "grant-role", "root", "root"],
        ["auth", "enable"],
      ]
    ) await guarded.ctl(...command);
    using machine = new Machine(`etcds://${guarded.endpoint}/tls`);
    const env = {
      ETCDCTL_CACERT: ours.ca,
      ETCDCTL_CERT: client.cert,
      ETCDCTL_KEY: client.key,
      ETCDCTL_USER: "root",
      PORT_FOR_ETCD_PASSWORD_FILE: temp.write("good", "r00t\n"),
    };
    const { status, stdout, stderr } = await machine.call(["web"], { env });
    assertEquals([status, stderr], [0, ""]);
    assertEquals((await machine.call(["web"], { env })).stdout, stdout);
    for (
      const [other, text] of [
        [{ ETCDCTL_CACERT: theirs.ca }, "ETCDCTL_CACERT"],
        [{ ETCDCTL_CACERT: undefined }, "ETCDCTL_CACERT"],
        [{ ETCDCTL_CERT: undefined, ETCDCTL_KEY: undefined }, "etcds:"],
        [{ ETCDCTL_USER: "root:wrong", XDG_CACHE_HOME: temp.path }, "password"],
        [{ ETCDCTL_USER: undefined }, "ETCDCTL_USER"],
        [{ ETCDCTL_CACERT: temp.file("none") }, "ENOENT"],
      ] as const
    ) {
      const more = { env: { ...env, ...other } };
      assertRefused(await machine.call(["--wait=1", "new"], more), 1, text);
    }
  },
);

fleetTest("a thousand names cost a new one nothing", async () => {
  using machine = new Machine();
  const text = Array.from(
    { length: 1000 },
    (_, at) => `n${at} = ${2000 + at}\n`,
  );
  await machine.print(
    "--import",
    machine.write("many.toml", `[ports]\n${text.join("")}`),
  );
  assertEquals((await machine.print("--list")).split("\n").length, 1001);
  assert(Number(await machine.print("new")) > 0);
});
