import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { PortForError } from "../../main.ts";
import { Etcd, hasEtcd } from "../support/etcd.ts";

Deno.test({
  name: "a cluster that is out of space tells ports and takes them back",
  ignore: !hasEtcd,
  fn: async () => {
    await using etcd = await Etcd.start(
      undefined,
      "--quota-backend-bytes=2000000",
    );
    const store = etcd.store("/full", { wait: 2 });
    const port = await store.associate("web");
    await store.associate("db");
    const large = "x".repeat(100_000);
    for (let at = 0; at < 50; at++) {
      const put = await etcd.ctl("put", `/large/${at}`, large)
        .catch(() => undefined);
      if (put === undefined) break;
    }
    assertEquals(await store.associate("web"), port);
    const { code, message } = await assertRejects(
      () => store.associate("new"),
      PortForError,
    );
    assertEquals(code, "FAILED");
    assertStringIncludes(message, "space exceeded");
    assertStringIncludes(message, "lookups go on");
    assertEquals(await store.release("db"), []);
    assertEquals((await store.list()).map(({ name }) => name), ["web"]);
    assertEquals((await store.check()).problems, []);
  },
});
