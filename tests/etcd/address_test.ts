import { assertEquals } from "@std/assert";
import {
  isEtcdAddress,
  parseEtcdAddress,
  refuseOtherAddress,
} from "../../lib/etcd/address.ts";
import { refused } from "../support/refused.ts";

Deno.test("the address of a cluster is told from a path", async () => {
  for (const path of ["/etc/port-for.toml", "a:b", "c:\\x", "etcd", "a//b"]) {
    assertEquals(isEtcdAddress(path), false);
    refuseOtherAddress(path);
  }
  for (const scheme of ["etcd", "etcds", "etcd+insecure"]) {
    assertEquals(isEtcdAddress(`${scheme}://localhost/x`), true);
  }
  for (const address of ["http://localhost:2379/x", "ETCDS://etcd1/x"]) {
    assertEquals(isEtcdAddress(address), false);
    await refused(
      "BAD_INPUT",
      () => refuseOtherAddress(address),
      ...[address, "etcds://"],
    );
  }
});

Deno.test("an address has hosts, ports and a prefix, or is refused", async () => {
  assertEquals(parseEtcdAddress("etcds://a:1,b,[::1]:65535/x/y/"), {
    text: "etcds://a:1,b,[::1]:65535/x/y/",
    endpoints: ["https://a:1", "https://b:2379", "https://[::1]:65535"],
    prefix: "/x/y",
  });
  for (
    const hosts of ["", "a:", "a:0", "a:65536", "a:99999", "a,", "a b", "::1"]
  ) {
    await refused(
      "BAD_INPUT",
      () => parseEtcdAddress(`etcds://${hosts}/x`),
      ...["is not a host and a port"],
    );
  }
});
