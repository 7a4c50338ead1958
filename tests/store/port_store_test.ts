import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { PortForError, type PortForErrorCode } from "../../lib/error.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { PortStore } from "../../lib/store/port_store.ts";
import { StoreOn } from "../support/store_on.ts";
import { bareMachine, realMachine } from "../support/fake_runtime.ts";
import { TempFolder } from "../support/temp.ts";

/** This machine, but all its ports are free, whatever runs beside the tests. */
const ALL_FREE = realMachine({
  bindTcp: () => "bound",
  connectTcp: () => Promise.resolve("refused"),
});

/** A store with a text, or one that does not exist, and what it warns of. */
class TempStore extends TempFolder {
  readonly warnings: string[] = [];
  readonly ports: StoreOn;

  constructor(text?: string, runtime: Runtime = currentRuntime) {
    super();
    if (text !== undefined) this.write("ports.toml", text);
    this.ports = new StoreOn(runtime, this.file("ports.toml"), {
      wait: 0,
      onWarning: (message) => this.warnings.push(message),
    });
  }

  text(): string {
    return this.read("ports.toml");
  }
}

async function assertRefused(
  code: PortForErrorCode,
  message: string,
  call: () => Promise<unknown>,
): Promise<void> {
  const error: PortForError = await assertRejects(call, PortForError, message);
  assertEquals(error.code, code);
}

Deno.test("a PortStore that is made reads and writes nothing", () => {
  new StoreOn(bareMachine({}), "/etc/port-for.toml");
});

Deno.test("a name gets a port, and the same one ever after", async () => {
  using store = new TempStore();
  const port = await store.ports.associate("web");

  assertEquals(await store.ports.associate("web"), port);
  assertEquals(
    await new PortStore(store.file("ports.toml")).associate("web"),
    port,
  );
  assertEquals(store.ports.get("web"), { name: "web", port, count: 1 });
});

Deno.test("names in a list get their ports in its order, in one write", async () => {
  let renames = 0;
  const runtime = realMachine({
    rename: (from, to) => {
      renames++;
      currentRuntime.rename(from, to);
    },
  });
  using store = new TempStore(undefined, runtime);
  const [b, a, again] = await store.ports.associate(["b", "a", "b"]);

  assertEquals(renames, 1);
  assertEquals(again, b);
  assertNotEquals(a, b);
  assertEquals(await store.ports.associate(["a", "b"]), [a, b]);
  assertEquals(await store.ports.associate([]), []);
});

Deno.test("names are associated all together or not at all", async () => {
  using store = new TempStore("[ports]\nweb = 2000\n");
  const before = store.text();

  await assertRefused(
    "NO_GOOD_PORT",
    "no good port is free",
    () => store.ports.associate(["a", "b"], { range: "29500" }),
  );
  await assertRefused(
    "BAD_INPUT",
    "as options do",
    () => store.ports.associate(["a", "-b"]),
  );
  assertEquals(store.text(), before);
});

Deno.test("a name is found without a lock, a socket or a subprocess", async () => {
  const readers = bareMachine({
    os: "linux",
    userId: () => 0,
    stat: currentRuntime.stat,
    readFolder: currentRuntime.readFolder,
    open: (path, how) => {
      assert(how.readOnly && path.endsWith(".toml"), path);
      return currentRuntime.open(path, how);
    },
  });
  using store = new TempStore("[ports]\nweb = 2000\n", readers);

  assertEquals(await store.ports.associate("web"), 2000);
  assertEquals(store.ports.get("web")?.port, 2000);
  assertEquals(store.ports.list().length, 1);
  assertEquals(await store.ports.release("db"), ["db"]);
});

Deno.test("a name that appears while we wait for the lock is taken over", async () => {
  using other = new TempFolder();
  const path = other.file("ports.toml");
  const runtime = realMachine({
    open: (file, how) => {
      if (file.endsWith(".lock")) {
        Deno.writeTextFileSync(path, "[ports]\nweb = 2000\n");
      }
      return currentRuntime.open(file, how);
    },
  });

  assertEquals(await new StoreOn(runtime, path).associate("web"), 2000);
});

Deno.test("a port that appears while we wait for the lock is not chosen", async () => {
  using one = new TempStore();
  const wanted = await one.ports.associate("web");
  using other = new TempFolder();
  const path = other.file("ports.toml");
  const runtime = realMachine({
    open: (file, how) => {
      if (file.endsWith(".lock")) {
        Deno.writeTextFileSync(path, `[ports]\ndb = ${wanted}\n`);
      }
      return currentRuntime.open(file, how);
    },
  });

  assertNotEquals(await new StoreOn(runtime, path).associate("web"), wanted);
});

Deno.test("a port of one's own choice is taken, its faults are warned of", async () => {
  using store = new TempStore();

  assertEquals(await store.ports.associate("web", { port: 443 }), 443);
  assertEquals(store.warnings.length, 1);
  assert(store.warnings[0]!.startsWith("port 443 is a system port"));
});

Deno.test("a port, and a name, belong to one association", async () => {
  using store = new TempStore(
    "[ports]\nweb = 2000\nblock = { port = 2010, count = 5 }\n",
  );
  const before = store.text();

  for (
    const [name, port, message] of [
      ["db", 2000, 'it belongs to "web"'],
      ["db", 2010, 'it belongs to "block"'],
      ["db", 2014, 'it belongs to "block"'],
      ["web", 2001, "it has port 2000"],
      ["web", 2010, "it has port 2000"],
    ] as const
  ) {
    await assertRefused(
      "PORT_TAKEN",
      message,
      () => store.ports.associate(name, { port }),
    );
  }
  assertEquals(store.text(), before);
  assertEquals(await store.ports.associate("web", { port: 2000 }), 2000);
});

Deno.test("a bad option is refused before anything is read", async () => {
  const store = new StoreOn(bareMachine({}), "/nonexistent/ports.toml");
  for (
    const options of [
      { port: 0 },
      { port: 65536 },
      { port: 80.5 },
      { port: NaN },
      { range: "9-1" },
      { range: "web" },
      { exclude: "9-1" },
      { exclude: [0] },
      { exclude: { first: 9, last: 1 } },
    ]
  ) {
    await assertRefused(
      "BAD_INPUT",
      "cannot ",
      () => store.associate("web", options),
    );
  }
  await assertRefused(
    "BAD_INPUT",
    "a port belongs to one name",
    () => store.associate(["a", "b"], { port: 2000 }),
  );
});

Deno.test("a range that is no range is refused", async () => {
  using store = new TempStore();
  for (
    const range of [
      { first: 9000, last: 8000 },
      { first: 0, last: 9000 },
      { first: 20000, last: 70000 },
      { first: 20000.5, last: 20100.5 },
    ]
  ) {
    await assertRefused(
      "BAD_INPUT",
      "cannot ",
      () => store.ports.associate("web", { range }),
    );
  }
  assertEquals(store.names(), []);
});

Deno.test("a bad name is refused before anything is read", async () => {
  const store = new StoreOn(bareMachine({}), "/nonexistent/ports.toml");

  await assertRefused("BAD_INPUT", "", () => store.associate(""));
  await assertRefused("BAD_INPUT", "", () => store.release(["a", " b"]));
  const error: PortForError = assertThrows(
    () => store.get("a\n"),
    PortForError,
  );
  assertEquals(error.code, "BAD_INPUT");
});

Deno.test("range, exclusions and chance decide what is chosen", async () => {
  using store = new TempStore(undefined, ALL_FREE);
  const inRange = { range: { first: 29500, last: 29504 } };
  const exclude = [29500, "29502-29504"];

  assertEquals(
    await store.ports.associate("a", { ...inRange, exclude }),
    29501,
  );
  const b = await store.ports.associate("b", { range: "29500-29504" });
  assert(29500 <= b && b <= 29504 && b !== 29501);
  const c = await store.ports.associate("c", { ...inRange, random: true });
  assert(29500 <= c && c <= 29504 && c !== 29501 && c !== b);
});

Deno.test("released names have no port, and those without one are told", async () => {
  using store = new TempStore("[ports]\na = 2000\nb = 2001\nc = 2002\n");

  assertEquals(await store.ports.release("a"), []);
  assertEquals(await store.ports.release(["a", "b", "x", "b"]), ["a", "x"]);
  assertEquals(await store.ports.release([]), []);
  assertEquals(store.ports.get("a"), undefined);
  assertEquals(store.text(), "[ports]\nc = 2002\n");
});

Deno.test("an unsound entry is left out and warned of, and stops every change", async () => {
  using store = new TempStore("[ports]\na = 0\nb = 2001\n");
  const problem = "line 2, column 1";

  assertEquals(store.ports.list(), [{ name: "b", port: 2001, count: 1 }]);
  assertEquals(store.warnings.length, 1);
  assert(store.warnings[0]!.includes(problem));

  assertEquals(await store.ports.associate("b"), 2001);
  const error: PortForError = assertThrows(
    () => store.ports.get("a"),
    PortForError,
    problem,
  );
  assertEquals(error.code, "STORE_INVALID");
  const calls = [
    () => store.ports.associate("a"),
    () => store.ports.associate(["b", "a"]),
    () => store.ports.associate("c"),
    () => store.ports.release("b"),
    () => store.ports.release("c"),
  ];
  for (const call of calls) await assertRefused("STORE_INVALID", problem, call);
  assertEquals(store.text(), "[ports]\na = 0\nb = 2001\n");
});

Deno.test("a store that cannot be edited with certainty is left alone", async () => {
  const text = "ports = {\n  a = 2000, # c\n}\n";
  using store = new TempStore(text);

  assertEquals(await store.ports.associate("a"), 2000);
  await assertRefused(
    "STORE_INVALID",
    "one line for each name",
    () => store.ports.associate("b"),
  );
  assertEquals(store.text(), text);
});

Deno.test("a folder is created where that is wanted, when it is needed", async () => {
  using temp = new TempFolder();
  const path = temp.file("a/b/ports.toml");
  const store = new PortStore(path, { createFolder: true });

  assertEquals(store.list(), []);
  assertEquals(await store.release("web"), ["web"]);
  assertEquals(temp.names(), []);
  await store.associate("web");
  assertEquals(temp.names(), ["a"]);

  await assertRefused(
    "FAILED",
    "its folder does not exist",
    () => new PortStore(temp.file("c/ports.toml")).associate("web"),
  );
});

Deno.test("an ephemeral range that cannot be read is warned of", async () => {
  const refuse = (what: string) => () => {
    throw Object.assign(new Error(`no ${what}`), { code: "ENOENT" });
  };
  const runtime = realMachine({
    readFile: (path) =>
      path.startsWith("/proc/sys/")
        ? refuse("proc")()
        : currentRuntime.readFile(path),
    run: refuse("sysctl"),
  });
  using store = new TempStore(undefined, runtime);

  await store.ports.associate("web");
  assertEquals(store.warnings.length, 1);
  assert(store.warnings[0]!.includes("cannot read the ephemeral range"));
});

Deno.test("a block is consecutive, and nobody else's", async () => {
  using store = new TempStore(undefined, ALL_FREE);
  const [block] = await store.ports.ensure(["block"], { count: 5 });
  const { port, count } = block!;

  assertEquals(count, 5);
  for (let taken = port; taken < port + 5; taken++) {
    await assertRefused(
      "PORT_TAKEN",
      'it belongs to "block"',
      () => store.ports.associate("other", { port: taken }),
    );
  }
  const range = { first: port, last: port + 9 };
  const others = await store.ports.associate(["a", "b"], { range });
  assert(others.every((other) => other >= port + 5));
  assertEquals(await store.ports.associate("block"), port);
  assertEquals(await store.ports.associate("block", { count: 5 }), port);
});

Deno.test("a block is as long as it is", async () => {
  using store = new TempStore("[ports]\nblock = { port = 2000, count = 3 }\n");

  await assertRefused(
    "PORT_TAKEN",
    "it has the ports 2000-2002",
    () => store.ports.associate("block", { count: 4 }),
  );
  await assertRefused(
    "PORT_TAKEN",
    'port 2000 to "other": it belongs to "block"',
    () => store.ports.associate("other", { port: 1998, count: 3 }),
  );
  assertEquals(await store.ports.release("block"), []);
});

Deno.test("a block that fits nowhere is refused", async () => {
  using store = new TempStore(undefined, ALL_FREE);

  for (const count of [0, 65536, 1.5, -1]) {
    await assertRefused(
      "BAD_INPUT",
      `cannot give ${count} ports`,
      () => store.ports.associate("x", { count }),
    );
  }
  await assertRefused(
    "BAD_INPUT",
    "cannot give 2 ports",
    () => store.ports.associate("x", { port: 65535, count: 2 }),
  );
  await assertRefused(
    "NO_GOOD_PORT",
    "no 11 consecutive good ports",
    () => store.ports.associate("x", { range: "29500-29509", count: 11 }),
  );
  assertEquals(
    await store.ports.associate("x", { range: "29500-29509", count: 10 }),
    29500,
  );
});

const ENDED = "2000-01-01T00:00:00Z";
const LASTING = "2099-01-01T00:00:00Z";

Deno.test("a lease lasts as long as it is asked to, each call renews it", async () => {
  using store = new TempStore();
  const before = Date.now();
  const [lease] = await store.ports.ensure(["web"], { ttl: 60 });
  const ends = lease!.expires!.getTime();

  assert(before + 60_000 <= ends && ends <= Date.now() + 61_000);
  const [renewed] = await store.ports.ensure(["web"], { ttl: 3600 });
  assertEquals(renewed!.port, lease!.port);
  assert(renewed!.expires!.getTime() >= before + 3600_000);
  // Asking is no renewing.
  const text = store.text();
  assertEquals(await store.ports.associate("web"), lease!.port);
  assertEquals(store.text(), text);
});

Deno.test("an association for good becomes no lease", async () => {
  using store = new TempStore("[ports]\nweb = 2000\n");
  const [web] = await store.ports.ensure(["web"], { ttl: 60 });

  assertEquals(web, { name: "web", port: 2000, count: 1 });
  assertEquals(store.text(), "[ports]\nweb = 2000\n");
  assertEquals(store.warnings.length, 1);
  assert(store.warnings[0]!.includes("for good"));
});

Deno.test("a lease that has ended holds nothing, and goes with the next write", async () => {
  using store = new TempStore(
    `[ports]\nold = { port = 2000, expires = ${ENDED} }\n` +
      `new = { port = 2001, expires = ${LASTING} }\n`,
  );

  assertEquals(store.ports.list().map(({ name }) => name), ["new"]);
  assertEquals(store.ports.list({ expired: true }).length, 2);
  assertEquals(store.ports.get("old"), undefined);
  assertEquals(await store.ports.release("old"), ["old"]);
  assert(store.text().includes("old"));
  assertEquals(await store.ports.associate("heir", { port: 2000 }), 2000);
  assert(!store.text().includes("old"));
  assertEquals(store.ports.list().map(({ name }) => name), ["new", "heir"]);
});

Deno.test("a lease that has ended may stand beside its heir", () => {
  using store = new TempStore(
    `[ports]\nold = { port = 2000, expires = ${ENDED} }\nheir = 2000\n`,
  );

  assertEquals(store.ports.get("heir")?.port, 2000);
  assertEquals(store.ports.list().length, 1);
  assertEquals(store.warnings, []);
});

Deno.test("a lease that makes no sense is refused", async () => {
  const store = new StoreOn(bareMachine({}), "/nonexistent/ports.toml");

  for (const ttl of [0, -1, NaN, Infinity, 1e12]) {
    await assertRefused(
      "BAD_INPUT",
      "cannot give a lease",
      () => store.associate("web", { ttl }),
    );
  }
});

Deno.test("pruning drops ended leases and names whose directory is gone", async () => {
  using kept = new TempFolder();
  using store = new TempStore(
    `[ports]\na = { port = 2000, expires = ${ENDED} }\n` +
      `b = { port = 2001, expires = ${LASTING} }\n` +
      `c = { port = 2002, directory = "/etc/no-such-folder" }\n` +
      `d = { port = 2003, directory = ${JSON.stringify(kept.path)} }\n` +
      "e = 2004\n",
  );
  const pruned = await store.ports.prune();

  assertEquals(
    pruned.map(({ association, reason }) => [association.name, reason]),
    [
      ["a", "its lease ended at 2000-01-01T00:00:00.000Z"],
      ["c", "/etc/no-such-folder is gone"],
    ],
  );
  assertEquals(store.ports.list().map(({ name }) => name), ["b", "d", "e"]);
  assertEquals(await store.ports.prune(), []);
});

Deno.test("a name keeps the directory that it was associated for", async () => {
  using store = new TempStore();
  const directory = 'C:\\my "shop"';
  await store.ports.ensure(["web"], { directory });

  assertEquals(store.ports.get("web")?.directory, directory);
});

Deno.test("the policy of the store decides where a call leaves it open", async () => {
  using store = new TempStore(
    '[policy]\nrange = "29500-29509"\nexclude = ["29500-29504", "29509"]\n',
    ALL_FREE,
  );
  const port = await store.ports.associate("a");
  assert(29505 <= port && port <= 29508);
  const other = await store.ports.associate("b", { range: "29600-29609" });
  assert(29600 <= other && other <= 29609);
  assertEquals(
    await store.ports.associate("c", { exclude: "29500-29508" }),
    29509,
  );

  const block = { count: 4 };
  await assertRefused(
    "NO_GOOD_PORT",
    "no 4 consecutive good ports",
    () => store.ports.associate("d", block),
  );
});

Deno.test("a policy that leaves nothing says whose it is", async () => {
  using store = new TempStore('[policy]\nrange = "80-90"\n');

  await assertRefused(
    "NO_GOOD_PORT",
    `the [policy] of ${store.file("ports.toml")} leaves no good port`,
    () => store.ports.associate("web"),
  );
});

Deno.test("a port outside the policy is taken with a warning", async () => {
  using store = new TempStore('[policy]\nexclude = "29500"\n', ALL_FREE);

  assertEquals(await store.ports.associate("web", { port: 29500 }), 29500);
  assertEquals(store.warnings.length, 1);
  assert(store.warnings[0]!.includes("policy"));
});

Deno.test("a policy that cannot be understood stops every change", async () => {
  for (
    const policy of [
      "policy = 1",
      "[policy]\nrange = 'web'",
      "[policy]\nrange = '9-1'",
      "[policy]\nexclude = ['x']",
      "[policy]\nexclude = [{}]",
      "[policy]\nrange = { first = 1, last = 9 }",
      "[policy]\nexclude = '1,'",
    ]
  ) {
    using store = new TempStore(`${policy}\n[ports]\nweb = 2000\n`);

    assertEquals(await store.ports.associate("web"), 2000);
    await assertRefused(
      "STORE_INVALID",
      policy.startsWith("[") ? "line 2, column 1" : "line 1, column 1",
      () => store.ports.associate("db"),
    );
  }
});

Deno.test("what is taken over is added, what is here already stays", async () => {
  using store = new TempStore("[ports]\na = 2000 # mine\n");
  const added = await store.ports.adopt([
    { name: "a", port: 2000, count: 1 },
    { name: "b", port: 2001, count: 1 },
  ]);

  assertEquals(added.map(({ name }) => name), ["b"]);
  assertEquals(store.text(), "[ports]\na = 2000 # mine\nb = 2001\n");
  assertEquals(await store.ports.adopt(added), []);
});

Deno.test("a lease that has ended contradicts nothing", async () => {
  using store = new TempStore(
    `[ports]\na = { port = 2000, expires = ${ENDED} }\n`,
  );
  const theirs = [
    { name: "a", port: 2001, count: 1 },
    { name: "b", port: 2000, count: 1 },
  ];

  assertEquals(await store.ports.adopt(theirs), theirs);
  assertEquals(store.text(), "[ports]\na = 2001\nb = 2000\n");
});

Deno.test("what contradicts the store is all told, and nothing is taken over", async () => {
  const text = "[ports]\na = 2000\nb = { port = 2001, count = 3 }\n";
  using store = new TempStore(text);
  const others = [["a", 2005], ["c", 2003], ["d", 2006]] as const;
  const adopt = () =>
    store.ports.adopt(
      others.map(([name, port]) => ({ name, port, count: 1 })),
    );

  await assertRefused(
    "PORT_TAKEN",
    '"a" has port 2000 here and 2005 there',
    adopt,
  );
  await assertRefused(
    "PORT_TAKEN",
    'port 2003 of "c" belongs to "b" here',
    adopt,
  );
  assertEquals(store.text(), text);
});

Deno.test("a time to wait that is none is refused at once", () => {
  for (const wait of [NaN, -1]) {
    const error = assertThrows(
      () => new PortStore("ports.toml", { wait }),
      PortForError,
      `cannot wait ${wait} s`,
    );
    assertEquals(error.code, "BAD_INPUT");
  }
});

Deno.test("no path is no store", () => {
  assertThrows(() => new PortStore(""), PortForError, 'cannot use ""');
});

Deno.test("what is no association is not adopted, and nothing beside it", async () => {
  using temp = new TempFolder();
  const store = new PortStore(temp.file("ports.toml"));
  const web = { name: "web", port: 20000, count: 1 };
  for (
    const [others, code] of [
      [[{ name: "-x", port: 20001, count: 1 }], "BAD_INPUT"],
      [[{ name: "x", port: 99999, count: 1 }], "BAD_INPUT"],
      [[{ name: "x", port: 65535, count: 2 }], "BAD_INPUT"],
      [[{ name: "x", port: 20000, count: 1 }], "PORT_TAKEN"],
      [[{ name: "x", port: 19999, count: 2 }], "PORT_TAKEN"],
      [[{ name: "web", port: 20001, count: 1 }], "PORT_TAKEN"],
    ] as const
  ) {
    const error = await assertRejects(
      () => store.adopt([web, ...others]),
      PortForError,
    );
    assertEquals(error.code, code);
    assertEquals(store.list(), []);
  }
  assertEquals(await store.adopt([web, web]), [web, web]);
  assertEquals(store.list(), [web]);
});

Deno.test("an ended lease whose ports are reserved keeps them from everybody", async () => {
  using temp = new TempFolder();
  const text = "[ports]\nold = { port = 20000, " +
    'expires = 2020-01-01T00:00:00Z, reserved = "kernel" }\n';
  const store = new PortStore(temp.write("ports.toml", text));
  const error = await assertRejects(
    () => store.adopt([{ name: "new", port: 20000, count: 1 }]),
    PortForError,
    'port 20000 of "new" belongs to "old" here',
  );
  assertEquals(error.code, "PORT_TAKEN");

  // Somebody gave its port away by hand: it does not come back to life there.
  temp.write("ports.toml", `${text}new = 20000\n`);
  await assertRejects(() => store.associate("old"), PortForError, "belongs to");
  assertEquals(await store.associate("new"), 20000);
});
