import { assertEquals, assertStringIncludes } from "@std/assert";
import { canMount } from "../support/fault_form.ts";
import { isRoot } from "../support/namespace.ts";
import { Mounts } from "../support/mounts.ts";
import { asUser, NOBODY, portFor } from "../support/program.ts";
import { assertRefused, Store, unixTest } from "../support/store.ts";
import { TempFolder } from "../support/temp.ts";

/** An /etc of the test's own, with what programs need to start and to know users. */
const OWN_ETC = `
for file in passwd group nsswitch.conf ld.so.cache; do
  test ! -e /etc/$file || cp -a /etc/$file $folder
done
mount -t tmpfs -o mode=755 none /etc
cp -a $folder/* /etc`;

Deno.test({
  name:
    "everybody can look names up in the machine's store, whatever the umask",
  ignore: !isRoot || !canMount,
  fn: async () => {
    await using mounts = await Mounts.of(OWN_ETC);
    using temp = new TempFolder();
    const user = await asUser(NOBODY, temp);
    const path = "/etc/port-for.toml";
    for (const umask of ["022", "027", "077"]) {
      const root = ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"];
      const made = await portFor(["web"], {
        prefix: [...mounts.prefix, "--", ...root],
      });
      assertEquals(made.status, 0, made.stderr);
      // And once more, where there is a store already.
      await portFor(["db"], { prefix: [...mounts.prefix, "--", ...root] });
      const found = await portFor(["web"], {
        ...user,
        prefix: [...mounts.prefix, "--", ...user.prefix!],
      });
      assertEquals(found, made, umask);
      // Where somebody took that right away, --check says so.
      Deno.chmodSync(mounts.root(path), 0o600);
      const check = await portFor(["--check"], {
        prefix: [...mounts.prefix, "--"],
      });
      assertEquals(check.status, 1);
      assertStringIncludes(check.stdout, `chmod a+r ${path}`);
      await Deno.remove(mounts.root(path));
    }
  },
});

Deno.test({
  name: "who may not read a store is told what its owner can do, not of sudo",
  ignore: !isRoot,
  fn: async () => {
    using store = new Store("[ports]\nweb = 24017\n");
    const user = await asUser(NOBODY, store);
    Deno.chmodSync(store.storePath, 0o600);
    const outcome = await store.callWith(user, "web");

    assertRefused(outcome, 1, "cannot read", `chmod a+r ${store.storePath}`);
    assertEquals(outcome.stderr.includes("sudo"), false);
  },
});

Deno.test({
  name: "what root makes in a user's home is that user's",
  ignore: !isRoot,
  fn: async () => {
    for (const variable of ["HOME", "XDG_STATE_HOME"]) {
      using temp = new TempFolder();
      const user = await asUser(NOBODY, temp);
      const home = temp.file("home");
      Deno.mkdirSync(home, { mode: 0o755 });
      Deno.chownSync(home, NOBODY, NOBODY);
      const env = { [variable]: `${home}/a` };
      Deno.mkdirSync(`${home}/a`);
      Deno.chownSync(`${home}/a`, NOBODY, NOBODY);

      const { status, stderr } = await portFor(["--user", "web"], { env });
      assertEquals([status, stderr], [0, ""]);
      for (const { path, uid, gid, mode } of below(`${home}/a`)) {
        assertEquals(
          [uid, gid, mode & 0o077 & ~0o044],
          [NOBODY, NOBODY, 0],
          path,
        );
      }
      const own = await portFor(["--user", "db"], {
        ...user,
        env: { ...user.env, ...env },
      });
      assertEquals([own.status, own.stderr], [0, ""]);
    }
  },
});

Deno.test({
  name: "what root makes in a user's checkout is that user's, who can use it",
  ignore: !isRoot,
  fn: async () => {
    using temp = new TempFolder();
    const user = await asUser(NOBODY, temp);
    const shop = temp.file("shop");
    Deno.mkdirSync(`${shop}/.git`, { recursive: true });
    temp.write("shop/.git/HEAD", "ref: refs/heads/main\n");
    Deno.chownSync(shop, NOBODY, NOBODY);
    const env = { PORT_FOR_STORE: temp.file("ports.toml") };
    for (const args of [["--init", "web"], ["--env", "--write", ".env"]]) {
      const called = await portFor(["--here", ...args], { cwd: shop, env });
      assertEquals([called.status, called.stderr], [0, ""]);
    }
    for (const file of [".port-for.toml", ".env"]) {
      const { uid, gid } = Deno.statSync(`${shop}/${file}`);
      assertEquals([uid, gid], [NOBODY, NOBODY], file);
    }
    const own = await portFor(["--here"], {
      ...{ ...user, cwd: shop },
      env: { ...user.env, ...env },
    });
    assertEquals([own.status, own.stderr], [0, ""]);
  },
});

/** All files and folders in a folder. */
function* below(
  folder: string,
): Generator<{ path: string; uid: number; gid: number; mode: number }> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    const { uid, gid, mode } = Deno.lstatSync(path);
    yield { path, uid: uid!, gid: gid!, mode: mode! };
    if (isDirectory) yield* below(path);
  }
}

unixTest(
  "a path that is not UTF-8 is no store, wherever it comes from",
  async () => {
    using store = new Store();
    const folder = store.file("home");
    Deno.mkdirSync(folder);
    const odd = `"$(printf '${folder}/\\377')"`;
    for (
      const script of [
        `HOME=${odd} "$@" --user web`,
        `XDG_STATE_HOME=${odd} "$@" --user web`,
        `PORT_FOR_STORE=${odd} "$@" web`,
        `"$@" --store ${odd} web`,
      ]
    ) {
      const prefix = ["sh", "-c", script, "sh"];
      const outcome = await store.callWith({ prefix });
      assertRefused(outcome, 2, "UTF-8");
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  },
);
