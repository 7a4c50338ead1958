/**
 * Certificates, users and tokens, with a real etcd.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  FleetStore,
  type FleetStoreOptions,
  PortForError,
} from "../../main.ts";
import { Authority } from "../support/certificates.ts";
import { CACHE, Etcd, hasEtcd } from "../support/etcd.ts";
import { TempFolder } from "../support/temp.ts";

async function refused(promise: Promise<unknown>): Promise<PortForError> {
  return await assertRejects(() => promise, PortForError);
}

function trustTest(name: string, fn: (temp: TempFolder) => Promise<void>) {
  Deno.test({
    name,
    ignore: !hasEtcd,
    fn: async () => {
      using temp = new TempFolder();
      await fn(temp);
    },
  });
}

trustTest(
  "a member is trusted by the authority that was named, only",
  async (temp) => {
    const ours = await Authority.of("ours", temp);
    const theirs = await Authority.of("theirs", temp);
    const server = await ours.certificate("server", { names: "IP:127.0.0.1" });
    await using etcd = await Etcd.start({ ca: ours.ca, ...server });
    const store = (options: FleetStoreOptions) =>
      new FleetStore(`etcds://${etcd.endpoint}/tls`, { wait: 1, ...options });
    const port = await store({ cacert: ours.ca }).associate("web");
    assertEquals(await store({ cacert: ours.ca }).associate("web"), port);
    for (const options of [{}, { cacert: theirs.ca }]) {
      const { message } = await refused(store(options).associate("other"));
      assert(/certificate|verify|issuer/i.test(message), message);
    }
    // The name that was asked for counts.
    const byName = etcd.endpoint.replace("127.0.0.1", "localhost");
    const other = new FleetStore(`etcds://${byName}/tls`, {
      ...{ wait: 1, cacert: ours.ca },
    });
    assert(
      /certificate|name/i.test((await refused(other.associate("web"))).message),
    );
    // Nothing went out in plain text.
    assertEquals((await store({ cacert: ours.ca }).list()).length, 1);
  },
);

trustTest("a client is known by its certificate", async (temp) => {
  const ours = await Authority.of("ours", temp);
  const theirs = await Authority.of("theirs", temp);
  const server = await ours.certificate("server", { names: "IP:127.0.0.1" });
  await using etcd = await Etcd.start({
    ...{ ca: ours.ca, clientCa: ours.ca, ...server },
  });
  const store = (options: FleetStoreOptions) =>
    new FleetStore(`etcds://${etcd.endpoint}/mtls`, {
      ...{ wait: 1, cacert: ours.ca, ...options },
    });
  const client = await ours.certificate("client");
  await store(client).associate("web");
  await refused(store({}).associate("other"));
  const stranger = await theirs.certificate("stranger");
  await refused(store(stranger).associate("other"));
  const half = await refused(store({ cert: client.cert }).get("web"));
  assertEquals(half.code, "BAD_INPUT");
});

trustTest(
  "users do what their roles allow, by tokens that are kept",
  async (temp) => {
    await using etcd = await Etcd.start();
    for (
      const command of [
        ["user", "add", "root:r00t"],
        ["role", "add", "writer"],
        [
          "role",
          "grant-permission",
          "writer",
          "--prefix=true",
          "readwrite",
          "/fleet/",
        ],
        ["user", "add", "writer:write"],
        ["user", "grant-role", "writer", "writer"],
        ["role", "add", "reader"],
        [
          "role",
          "grant-permission",
          "reader",
          "--prefix=true",
          "read",
          "/fleet/",
        ],
        ["user", "add", "reader:read"],
        ["user", "grant-role", "reader", "reader"],
        ["user", "grant-role", "root", "root"],
        ["auth", "enable"],
      ]
    ) await etcd.ctl(...command);
    const store = (user?: string, password = "", prefix = "/fleet") =>
      etcd.store(prefix, {
        wait: 2,
        ...(user === undefined ? {} : {
          user,
          passwordFile: temp.write(`${user}-${password}`, `${password}\n`),
        }),
      });
    const writer = store("writer", "write");
    const port = await writer.associate("web");
    await writer.associate("job", { ttl: 30 });
    await writer.associate("job", { ttl: 30 });
    await writer.release("job");
    // A role with read on the prefix is enough for lookups.
    const reader = store("reader", "read");
    assertEquals(await reader.associate("web"), port);
    assertEquals((await reader.list()).length, 1);
    assertEquals((await reader.check()).problems, []);
    for (
      const [attempt, text] of [
        [() => reader.associate("new"), "permission denied"],
        [() => reader.release("web"), "permission denied"],
        [
          () => store("writer", "write", "/other").get("web"),
          "permission denied",
        ],
        [() => store().get("web"), "ETCDCTL_USER"],
        [() => store("nobody", "x").get("web"), "check user and password"],
      ] as const
    ) {
      const { code, message } = await refused(attempt());
      assertEquals(code, "NO_PERMISSION", message);
      assert(message.includes(text), message);
    }
    // Its token is this user's alone, and the next process has it.
    const tokens = [...Deno.readDirSync(`${CACHE.path}/port-for`)]
      .filter(({ name }) => name.endsWith(".token"))
      .map(({ name }) => `${CACHE.path}/port-for/${name}`);
    assertEquals(tokens.length, 2);
    for (const path of tokens) {
      assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
      // One that is no longer good is renewed.
      Deno.writeTextFileSync(path, "dGhpc2lzbm9uZQ.1\n");
    }
    assertEquals(await store("reader", "read").associate("web"), port);
    await store("writer", "write").associate("after");
    // One that others can read is not believed.
    for (const path of tokens) Deno.chmodSync(path, 0o644);
    assertEquals(await store("reader", "read").associate("web"), port);
    // With a wrong password nobody gets in, and no token is left.
    for (const path of tokens) Deno.removeSync(path);
    const wrong = await refused(store("reader", "wrong").get("web"));
    assert(wrong.message.includes("check user and password"), wrong.message);
    // Twenty at once log in one after the other, and all get there.
    const clients = Array.from({ length: 20 }, () => store("reader", "read"));
    const ports = await Promise.all(clients.map((one) => one.associate("web")));
    assertEquals(ports, clients.map(() => port));
  },
);

trustTest("what etcd's gateway refuses is explained", async (temp) => {
  const ours = await Authority.of("ours", temp);
  const names = "IP:127.0.0.1";
  const server = await ours.certificate("server", { names });
  {
    await using etcd = await Etcd.start({
      ...{ ca: ours.ca, clientCa: ours.ca, ...server },
    });
    await etcd.ctl("user", "add", "root:r00t");
    await etcd.ctl("user", "grant-role", "root", "root");
    await etcd.ctl("auth", "enable");
    const named = await ours.certificate("named", { subject: "/CN=root" });
    const store = new FleetStore(`etcds://${etcd.endpoint}/x`, {
      ...{ wait: 1, cacert: ours.ca, ...named },
    });
    const { message } = await refused(store.get("web"));
    assert(message.includes("without one"), message);
  }
  const client = await ours.certificate("client");
  const narrow = await ours.certificate("narrow", {
    ...{ names, usages: "serverAuth" },
  });
  await using etcd = await Etcd.start({
    ...{ ca: ours.ca, clientCa: ours.ca, ...narrow, client },
  });
  const store = new FleetStore(`etcds://${etcd.endpoint}/x`, {
    ...{ wait: 1, cacert: ours.ca, ...client },
  });
  const { message } = await refused(store.associate("web"));
  assert(message.includes("clientAuth"), message);
});
