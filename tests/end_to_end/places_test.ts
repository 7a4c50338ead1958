import { assertEquals, assertStringIncludes } from "@std/assert";
import { isBunBinary } from "../support/engine.ts";
import { canMount } from "../support/fault_form.ts";
import { assertRefused, Store, unixTest as test } from "../support/store.ts";

const TEXT = "[ports]\nweb = 24017\n";

Deno.test({
  name: "in a folder that was deleted, an absolute store works",
  // Deno itself does not start there.
  ignore: !isBunBinary,
  fn: async () => {
    using store = new Store(TEXT);
    const script = 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"';
    const gone = { prefix: ["sh", "-c", script, store.file("gone")] };
    const print = (...args: string[]) => store.printWith(gone, ...args);

    assertEquals(await print("web"), "24017\n");
    const port = await print("new");
    assertEquals(await print("--list"), `web: 24017\nnew: ${port}`);
    await print("--status");
    await print("--prune");
    assertEquals(await print("web", "--", "echo", "{web}"), "24017\n");
    const here = await store.callWith(gone, "--here", "x");
    assertRefused(here, 1, "current folder is gone");
    const relative = await store.callWith(gone, "--store=s.toml", "x");
    assertRefused(relative, 1, "s.toml");
  },
});

/** Runs the program where one of the kernel's file systems is not mounted. */
function without(path: string): { prefix: string[] } {
  const script = `umount --recursive --lazy ${path} && exec "$@"`;
  return { prefix: ["unshare", "--mount", "sh", "-c", script, "sh"] };
}

Deno.test({
  name: "without /proc, Deno works from source, and tells true causes",
  // A compiled program ends before its first line.
  ignore: !canMount || isBunBinary,
  fn: async () => {
    using store = new Store(TEXT);
    const proc = without("/proc");
    const call = (...args: string[]) => store.callWith(proc, ...args);

    assertEquals(await store.printWith(proc, "web"), "24017\n");
    const made = await call("new");
    assertEquals(made.status, 0);
    assertStringIncludes(made.stderr, "ip_local_port_range");
    assertEquals(await store.print("--get=new"), made.stdout);
    assertStringIncludes((await call("--status")).stdout, "24017  free\n");
    const ran = await call("web", "--", "sh", "-c", 'echo "$PORT {web}"');
    assertEquals([ran.status, ran.stdout], [0, "24017 24017\n"]);
    assertEquals((await call("web", "--", "port-for-none")).status, 127);
    assertRefused(
      await call("--reserve", "more"),
      1,
      "this kernel has no /proc",
    );
  },
});

Deno.test({
  name: "without /sys, everything works",
  ignore: !canMount,
  fn: async () => {
    using store = new Store(TEXT);
    const sys = without("/sys");
    const port = await store.printWith(sys, "new");
    await store.print("--unbind=new");
    assertEquals(await store.print("new"), port);
    assertStringIncludes(await store.printWith(sys, "--status"), "free");
    await store.printWith(sys, "--check");
    assertEquals(
      await store.printWith(sys, "web", "--", "echo", "ran"),
      "ran\n",
    );
  },
});

test("a checkout may be as deep as the system allows", async () => {
  using store = new Store();
  const cwd = store.file(Array(3).fill("d".repeat(200)).join("/"));
  Deno.mkdirSync(cwd, { recursive: true });
  const port = await store.printWith({ cwd }, "--here", "web");

  assertEquals(await store.printWith({ cwd }, "--here", "web"), port);
  assertEquals(await store.printWith({ cwd }, "--here", "--get=web"), port);
  assertEquals(await store.print("--list"), `${cwd}/web: ${port}`);
  // An empty folder may be where a file system is not mounted now.
  Deno.renameSync(cwd, `${cwd}-moved`);
  assertEquals(
    await store.print("--prune"),
    `${cwd}/web: dropped, ${cwd} is gone\n`,
  );
});
