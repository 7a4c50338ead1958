import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  availablePorts,
  explainPort,
  FleetStore,
  getPort,
  goodPortRanges,
  isAvailable,
  PortForError,
  type PortForErrorCode,
  portIsUsed,
  PortSet,
  portSet,
  PortStore,
  selectRandom,
} from "../../main.ts";
import { refused } from "../support/refused.ts";
import { TempFolder } from "../support/temp.ts";

Deno.test("names are associated, looked up, listed and released", async () => {
  using temp = new TempFolder();
  const store = new PortStore(temp.file("ports.toml"));

  const web = await store.associate("web");
  const [db, again] = await store.associate(["db", "web"]);
  assertEquals(again, web);
  assertEquals(store.get("web"), { name: "web", port: web, count: 1 });
  assertEquals(store.get("other"), undefined);
  assertEquals(store.list(), [
    { name: "web", port: web, count: 1 },
    { name: "db", port: db!, count: 1 },
  ]);

  assertEquals(await store.release(["web", "other"]), ["other"]);
  assertEquals(store.list().map(({ name }) => name), ["db"]);
  assertEquals(new PortStore(store.path).list(), store.list());
});

Deno.test("stores of one file in one process never share a port", async () => {
  using temp = new TempFolder();
  const names = Array.from({ length: 20 }, (_, at) => `name${at}`);
  const ports = await Promise.all(
    names.map((name) =>
      new PortStore(temp.file("ports.toml"), { wait: 60 }).associate(name)
    ),
  );

  assertEquals(new Set(ports).size, 20);
  assertEquals(new PortStore(temp.file("ports.toml")).list().length, 20);
});

/** The calls that fail with each code. */
const FAILURES: Readonly<
  Record<
    // To lose a permission takes a process of its own.
    Exclude<PortForErrorCode, "NO_PERMISSION">,
    (temp: TempFolder) => Promise<unknown>
  >
> = {
  BAD_INPUT: (temp) => new PortStore(temp.file("ports.toml")).associate(""),
  PORT_TAKEN: async (temp) => {
    const store = new PortStore(temp.file("ports.toml"));
    const port = await store.associate("web");
    await store.associate("db", { port });
  },
  NO_GOOD_PORT: (temp) =>
    new PortStore(temp.file("ports.toml"))
      .associate(["a", "b"], { range: { first: 29500, last: 29500 } }),
  STORE_INVALID: (temp) =>
    new PortStore(temp.write("bad.toml", "bad")).associate("web"),
  STORE_BUSY: async (temp) => {
    const path = temp.file("ports.toml");
    using lock = Deno.openSync(`${path}.lock`, { write: true, create: true });
    lock.lockSync(true);
    await new PortStore(path, { wait: 0 }).associate("web");
  },
  FAILED: (temp) =>
    new PortStore(temp.file("no/such/ports.toml")).associate("web"),
};

for (const [code, call] of Object.entries(FAILURES)) {
  Deno.test(`a PortForError has the code ${code} where that is what is wrong`, async () => {
    using temp = new TempFolder();
    const error: PortForError = await assertRejects(
      () => call(temp),
      PortForError,
      "cannot ",
    );

    assertEquals(error.code, code);
    assertEquals(error.name, "PortForError");
  });
}

Deno.test("random ports are free and good, exact ones as they are", async () => {
  const port = await selectRandom();

  assert(await isAvailable(port));
  assertEquals(await getPort("8000"), 8000);
  assert([2000, 2001].includes(await getPort(["2000-2001"])));
  assertEquals((await explainPort(port)).good, true);
});

Deno.test("ports may be written in many ways, wrong ones are refused", () => {
  const set = portSet([1, "3", "5-6", { first: 8, last: 9 }, new PortSet()]);
  assertEquals([...set], [1, 3, 5, 6, 8, 9]);

  for (const wrong of [0, 65536, 1.5, NaN, "x", "9-1", { first: 9, last: 1 }]) {
    const error: PortForError = assertThrows(
      () => portSet(wrong),
      PortForError,
    );
    assertEquals(error.code, "BAD_INPUT");
  }
});

Deno.test("what only plain JavaScript can pass is bad input, too", async () => {
  using temp = new TempFolder();
  const store = new PortStore(temp.file("ports.toml"));
  const anything = [
    ...[undefined, null, true, 5, 5n, Symbol("x"), () => 5],
    ...[{}, { first: 1 }, [null], [[5]], Object.create(null)],
  ] as never[];
  const isNoName = (value: unknown) =>
    !Array.isArray(value) || value.some((one) => typeof one !== "string");
  for (const wrong of anything.filter(isNoName)) {
    await refused("BAD_INPUT", () => new PortStore(wrong));
    await refused("BAD_INPUT", () => new FleetStore(wrong));
    await refused("BAD_INPUT", () => store.get(wrong));
    await refused("BAD_INPUT", () => store.associate(wrong));
    await refused("BAD_INPUT", () => store.release(wrong));
    if (typeof wrong === "number") continue;
    await refused("BAD_INPUT", () => portIsUsed(wrong));
    await refused("BAD_INPUT", () => explainPort(wrong));
    if (wrong === undefined || Array.isArray(wrong)) continue;
    await refused("BAD_INPUT", () => selectRandom(wrong));
  }
  for (const wrong of [null, 5, "port"] as never[]) {
    await refused("BAD_INPUT", () => new PortStore(store.path, wrong));
    await refused("BAD_INPUT", () => store.associate("web", wrong));
    await refused("BAD_INPUT", () => selectRandom(undefined, wrong));
    await refused("BAD_INPUT", () => portIsUsed(8080, wrong));
    await refused("BAD_INPUT", () => availablePorts(wrong));
    await refused("BAD_INPUT", () => goodPortRanges(undefined, wrong));
  }
  assertEquals(temp.names(), []);
});

Deno.test("a store is a file, and no address is taken for one", async () => {
  for (const path of ["etcds://etcd1/x", "http://localhost/x", "a\0b", ""]) {
    await refused("BAD_INPUT", () => new PortStore(path), JSON.stringify(path));
  }
});

Deno.test("two spellings of one character are one name", async () => {
  using temp = new TempFolder();
  const store = new PortStore(temp.file("ports.toml"));
  const port = await store.associate("caf\u00e9");

  assertEquals(await store.associate("cafe\u0301"), port);
  assertEquals(store.get("cafe\u0301")?.port, port);
  assertEquals(await store.adopt([{ name: "cafe\u0301", port, count: 1 }]), []);
  assertEquals(await store.release("cafe\u0301"), []);
  assertEquals(store.list(), []);
});
