import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  canBeKeptOut,
  isUnix,
  KEPT_OUT,
  StackStore,
} from "../support/store.ts";

/** A store, and directories to call the program in. */
class Checkouts extends StackStore {
  /** Creates a directory. Returns its path. */
  folder(name: string): string {
    Deno.mkdirSync(this.file(name), { recursive: true });
    return this.file(name);
  }

  /** What a successful call in a directory prints. */
  printIn(cwd: string, ...args: string[]): Promise<string> {
    return this.print(args, { cwd });
  }

  /** The names in the store, in its order. */
  async storedNames(): Promise<string[]> {
    return Object.keys(JSON.parse(await this.print(["--list", "--json"])));
  }
}

function unixTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !isUnix, fn });
}

unixTest(
  "--here gives each directory a port of its own for one name",
  async () => {
    using store = new Checkouts();
    const [shop, fix] = [store.folder("shop"), store.folder("shop-fix")];
    const ports = [
      await store.printIn(shop, "--here", "web"),
      await store.printIn(fix, "--here", "web"),
      await store.printIn(shop, "web"),
    ];

    assertEquals(new Set(ports).size, 3);
    assertEquals(await store.printIn(shop, "--here", "web"), ports[0]);
    assertEquals(await store.printIn(fix, "--here", "web"), ports[1]);
    assertEquals(await store.storedNames(), [
      `${shop}/web`,
      `${fix}/web`,
      "web",
    ]);
    assertEquals(await store.print([`${shop}/web`]), ports[0]);
  },
);

unixTest("--here without a name is the directory itself", async () => {
  using store = new Checkouts();
  const shop = store.folder("shop");
  const port = await store.printIn(shop, "--here");

  assertEquals(await store.printIn(shop, "--here"), port);
  assertEquals(await store.storedNames(), [shop]);
  assertEquals(
    await store.printIn(shop, "--here", "--env", "web", "db"),
    [
      `WEB_PORT=${await store.printIn(shop, "--here", "web")}`,
      `DB_PORT=${await store.printIn(shop, "--here", "db")}`,
    ].join(""),
  );
  assertEquals(
    await store.printIn(shop, "--here", "--", "sh", "-c", 'echo "$SHOP_PORT"'),
    port,
  );
});

unixTest("names are short in what a directory prints for itself", async () => {
  using store = new Checkouts();
  const shop = store.folder("shop");
  const [web, db] = (await store.printIn(shop, "--here", "web", "db"))
    .split("\n");

  assertEquals(
    await store.printIn(shop, "--here", "--json", "web", "db"),
    `{"web":${web},"db":${db}}\n`,
  );
  assertEquals(
    await store.printIn(shop, "--here", "--env"),
    `WEB_PORT=${web}\nDB_PORT=${db}\n`,
  );
  assertEquals(
    await store.printIn(shop, "--here", "--env", "--get", "db"),
    `DB_PORT=${db}\n`,
  );
  const script = 'echo "$PORT $WEB_PORT $DB_PORT $1 $2"';
  assertEquals(
    await store.printIn(
      shop,
      ...["--here", "db", "web", "--", "sh", "-c", script, "sh"],
      ...["{db}", "{web}"],
    ),
    `${db} ${web} ${db} ${db} ${web}\n`,
  );
});

unixTest(
  "--list, --get and --unbind with --here are about this directory",
  async () => {
    using store = new Checkouts();
    const [shop, fix] = [store.folder("shop"), store.folder("shop-fix")];
    const [web, db] = (await store.printIn(shop, "--here", "web", "db"))
      .split("\n");
    const other = await store.printIn(fix, "--here", "web");
    await store.print(["web"]);

    assertEquals(
      await store.printIn(shop, "--list", "--here"),
      `${shop}/web: ${web}\n${shop}/db: ${db}\n`,
    );
    assertEquals(await store.printIn(shop, "--get=web", "--here"), `${web}\n`);
    assertEquals(await store.printIn(fix, "--get=web", "--here"), other);
    assertEquals(
      (await store.call(["--get=db", "--here"], { cwd: fix })).status,
      1,
    );
    await store.printIn(shop, "--unbind=web", "--here");
    assertEquals(await store.storedNames(), [
      `${shop}/db`,
      `${fix}/web`,
      "web",
    ]);
  },
);

unixTest("a directory is itself, whichever symlink leads there", async () => {
  using store = new Checkouts();
  const shop = store.folder("shop");
  Deno.symlinkSync(shop, store.file("link"));
  const port = await store.printIn(shop, "--here", "web");
  const env = { PWD: store.file("link") };

  assertEquals(
    await store.print(["--here", "web"], { cwd: store.file("link"), env }),
    port,
  );
  assertEquals(await store.storedNames(), [`${shop}/web`]);
  // Only the directory counts, not the way there.
  Deno.removeSync(store.file("link"));
  assertEquals(await store.print(["--prune"]), "");
});

unixTest("directories may be spelt as they like", async () => {
  using store = new Checkouts();
  const folders = [
    "my shop",
    "-l",
    'a"b',
    "a\\b",
    "a/b",
    "{web}",
    "größe 店 🎉",
    "$(id)",
    "#1 = 2",
  ].map((name) => store.folder(name));
  const ports: string[] = [];
  for (const folder of folders) {
    ports.push(await store.printIn(folder, "--here", "web"));
  }

  assertEquals(new Set(ports).size, folders.length);
  for (const [at, folder] of folders.entries()) {
    assertEquals(await store.printIn(folder, "--here", "web"), ports[at]);
  }
  assertEquals(await store.storedNames(), folders.map((one) => `${one}/web`));
  assertEquals(await store.print(["--prune"]), "");
  for (const folder of folders) Deno.removeSync(folder, { recursive: true });
  await store.print(["--prune"]);
  assertEquals(await store.storedNames(), []);
});

unixTest(
  "at the root a name has one slash, and everything lies below",
  async () => {
    using store = new Checkouts();
    const [root, web] = [
      await store.printIn("/", "--here"),
      await store.printIn("/", "--here", "web"),
    ];

    assertEquals(await store.storedNames(), ["/", "/web"]);
    assertEquals(
      await store.printIn("/", "--list", "--here"),
      `/: ${root}/web: ${web}`,
    );
    assertEquals(await store.print(["--prune"]), "");
  },
);

unixTest(
  "a directory that cannot be part of a name is refused, and why is said",
  async () => {
    using store = new Checkouts();
    const deep = store.folder(`${"x".repeat(130)}/${"y".repeat(130)}`);
    for (
      const [folder, why] of [
        [store.folder("two\nlines"), "control characters"],
        [deep, "more than 255"],
      ] as const
    ) {
      const { status, stdout, stderr } = await store.call(["--here", "web"], {
        cwd: folder,
      });

      assertEquals([status, stdout], [2, ""]);
      assertStringIncludes(stderr, why);
    }
  },
);

Deno.test({
  name: "two directories whose names are not UTF-8 never share a port",
  // Elsewhere there are no such names.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    using store = new Checkouts();
    // A shell, because a path in JavaScript is text.
    const enter = 'd="$(printf "$0")"; mkdir "$d"; cd "$d"; exec "$@"';
    const outcomes = [];
    for (const name of ["a\\377b", "a\\376b"]) {
      outcomes.push(
        await store.call(["--here", "web"], {
          cwd: store.path,
          prefix: ["sh", "-euc", enter, name],
        }),
      );
    }
    const ports = outcomes.flatMap(({ status, stdout }) =>
      status === 0 ? [stdout] : []
    );

    assertEquals(new Set(ports).size, ports.length);
    // And as they are there, they are not gone.
    assertEquals(await store.print(["--prune"]), "");
  },
});

unixTest(
  "--prune drops what belongs to directories that are gone, and says so",
  async () => {
    using store = new Checkouts();
    const [shop, fix, moved] = [
      store.folder("shop"),
      store.folder("my fix"),
      store.folder("old"),
    ];
    for (const folder of [shop, fix, moved]) {
      await store.printIn(folder, "--here", "web", "db");
    }
    await store.printIn(fix, "--here");
    Deno.removeSync(fix);
    Deno.renameSync(moved, store.file("new"));

    assertEquals(
      await store.print(["--prune"]),
      [`${fix}/web`, `${fix}/db`].map((name) =>
        `${name}: dropped, ${fix} is gone\n`
      ).join("") +
        [`${moved}/web`, `${moved}/db`].map((name) =>
          `${name}: dropped, ${moved} is gone\n`
        ).join("") +
        `${fix}: dropped, ${fix} is gone\n`,
    );
    assertEquals(await store.storedNames(), [`${shop}/web`, `${shop}/db`]);
    assertEquals(await store.print(["--prune"]), "");
  },
);

unixTest(
  "a name below a directory goes with its directory, not with its own path",
  async () => {
    using store = new Checkouts();
    const shop = store.folder("shop");
    // There has never been a directory shop/api.
    await store.printIn(shop, "--here", "api/v1");

    assertEquals(await store.print(["--prune"]), "");
    Deno.removeSync(shop);
    assertStringIncludes(await store.print(["--prune"]), `${shop}/api/v1: `);
  },
);

unixTest("a directory that is a file by now is gone", async () => {
  using store = new Checkouts();
  const shop = store.folder("shop");
  await store.printIn(shop, "--here", "web");
  Deno.removeSync(shop);
  Deno.writeTextFileSync(shop, "");

  assertStringIncludes(await store.print(["--prune"]), `${shop}/web: `);
});

Deno.test("--prune drops leases that ended, and says when they did", async () => {
  using store = new StackStore();
  store.fill(
    "[ports]\nold = { port = 2001, expires = 2020-01-01T00:00:00Z }\n" +
      "far = { port = 2002, expires = 2999-01-01T00:00:00Z }\nweb = 2003\n",
  );

  const { status, stdout } = await store.call(["--prune"]);
  assertEquals(status, 0);
  assert(/^old: dropped, .*2020-01-01T00:00:00.*\n$/.test(stdout), stdout);
  assertEquals(
    store.text(),
    "[ports]\n" +
      "far = { port = 2002, expires = 2999-01-01T00:00:00Z }\nweb = 2003\n",
  );
});

unixTest("--prune never drops names that were made by hand", async () => {
  using store = new Checkouts();
  const shop = store.folder("shop");
  const gone = store.file("gone");
  const names = [`${gone}/web`, gone, "/no/such/path", `${shop}/db`, "web"];
  await store.print(names);
  // The name was there before the directory asked for it.
  await store.printIn(shop, "--here", "db");
  Deno.removeSync(shop);
  const before = store.text();

  assertEquals(await store.print(["--prune"]), "");
  assertEquals(store.text(), before);
});

Deno.test("--prune with nothing to drop leaves the store as it is", async () => {
  using store = new StackStore();
  assertEquals(await store.print(["--prune"]), "");
  assertEquals(store.names().includes("ports.toml"), false);
  store.fill("[ports]\nweb = 2001\n");
  const { mtime } = Deno.statSync(store.store);

  assertEquals(await store.print(["--prune"]), "");
  assertEquals(Deno.statSync(store.store).mtime, mtime);
});

Deno.test({
  name: "a directory that may not be looked at is not gone",
  ignore: !canBeKeptOut,
  fn: async () => {
    using store = new Checkouts();
    const inside = store.folder("locked/inside");
    const gone = store.folder("gone");
    await store.printIn(inside, "--here", "web");
    await store.printIn(gone, "--here", "web");
    Deno.removeSync(gone);
    Deno.chmodSync(store.file("locked"), 0o000);

    try {
      assertEquals(
        await store.print(["--prune"], { prefix: KEPT_OUT }),
        `${gone}/web: dropped, ${gone} is gone\n`,
      );
    } finally {
      // So that it can be removed.
      Deno.chmodSync(store.file("locked"), 0o700);
    }
    assertEquals(await store.storedNames(), [`${inside}/web`]);
  },
});
