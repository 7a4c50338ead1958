import { assertEquals, assertThrows } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import { checkoutOf, currentCheckout } from "../../lib/machine/checkout.ts";
import { currentRuntime } from "../../lib/runtime/current.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { isUnix } from "../support/store.ts";
import { runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { hasTool } from "../support/tools.ts";

const test = (name: string, fn: () => void | Promise<void>) =>
  Deno.test({ name, fn, ignore: !isUnix });

/** A home with projects in it. */
class Home extends TempFolder {
  /** Makes a folder, with those above it. */
  folder(name: string): string {
    Deno.mkdirSync(this.file(name), { recursive: true });
    return this.file(name);
  }

  /** Makes a folder with as much of a repository as git itself asks for. */
  repository(name: string): string {
    const path = this.folder(name);
    this.folder(`${name}/.git`);
    this.write(`${name}/.git/HEAD`, "ref: refs/heads/main\n");
    return path;
  }

  /** The machine, with somebody in a folder. */
  in(folder: string, env: Readonly<Record<string, string>> = {}): Runtime {
    const all: Record<string, string> = { HOME: this.path, ...env };
    return {
      ...currentRuntime,
      currentFolder: () => folder,
      env: (name) => all[name],
    };
  }

  /** The checkout in a folder: its root, what marks it, its manifest. */
  found(folder: string, env?: Readonly<Record<string, string>>) {
    const { root, marker, manifest } = currentCheckout(this.in(folder, env));
    return [
      root.replace(this.path, "~"),
      marker,
      manifest?.replace(this.path, "~"),
    ];
  }
}

test("a checkout is its root, from every folder in it", () => {
  using home = new Home();
  home.repository("shop");
  home.write("shop/.port-for.toml", "");
  const deep = home.folder("shop/packages/web/src");

  for (const folder of [deep, home.file("shop/packages"), home.file("shop")]) {
    assertEquals(home.found(folder), [
      "~/shop",
      ".git",
      "~/shop/.port-for.toml",
    ]);
  }
  // Where a hook runs, too.
  assertEquals(home.found(home.file("shop/.git"))[0], "~/shop");
});

test("Jujutsu and Mercurial have checkouts, too", () => {
  using home = new Home();
  for (const marker of [".jj", ".hg"]) {
    home.folder(`${marker}-shop/${marker}`);
    const deep = home.folder(`${marker}-shop/src/web`);
    assertEquals(home.found(deep), [`~/${marker}-shop`, marker, undefined]);
  }
});

test("the nearest repository counts, and no manifest above or below it", () => {
  using home = new Home();
  home.repository("shop");
  home.write("shop/.port-for.toml", "");
  home.repository("shop/vendor/lib");
  const deep = home.folder("shop/vendor/lib/src");

  assertEquals(home.found(deep), ["~/shop/vendor/lib", ".git", undefined]);
});

test("without a repository it is the folder of the nearest manifest", () => {
  using home = new Home();
  home.folder("shop");
  home.write("shop/.port-for.toml", "");
  const deep = home.folder("shop/src/web");

  assertEquals(home.found(deep), [
    "~/shop",
    ".port-for.toml",
    "~/shop/.port-for.toml",
  ]);
});

test("outside of all of that it is the current folder", () => {
  using home = new Home();
  const notes = home.folder("notes/2026");

  assertEquals(home.found(notes), ["~/notes/2026", undefined, undefined]);
});

test("what only looks like a repository is none", () => {
  using home = new Home();
  // An empty one, a file about something else, and a file in place of a folder.
  home.folder("empty/.git");
  home.folder("text");
  home.write("text/.git", "see elsewhere\n");
  home.folder("large");
  home.write("large/.git", `gitdir: ${"x".repeat(20_000)}\n`);
  for (const marker of [".jj", ".hg"]) {
    home.folder(marker.slice(1));
    home.write(`${marker.slice(1)}/${marker}`, "");
  }
  for (const name of ["empty", "text", "large", "jj", "hg"]) {
    const folder = home.folder(`${name}/src`);
    assertEquals(home.found(folder), [`~/${name}/src`, undefined, undefined]);
  }
});

test("neither the home folder nor / is a checkout", () => {
  using home = new Home();
  home.repository(".");
  home.write(".port-for.toml", "");
  const notes = home.folder("notes");
  assertEquals(home.found(notes), ["~/notes", undefined, undefined]);
  // A home that is named by a symlink is the same.
  Deno.symlinkSync(home.path, home.file("link"));
  const env = { HOME: home.file("link") };
  assertEquals(home.found(notes, env), ["~/notes", undefined, undefined]);

  const everywhere: Runtime = {
    ...home.in("/srv/shop"),
    realPath: (path) => path,
    stat: () => Deno.statSync(home.path) && currentRuntime.stat(home.path),
  };
  assertEquals(checkoutOf("/", everywhere), { root: "/" });
});

test("a folder is itself, whichever symlink leads there", () => {
  using home = new Home();
  home.repository("shop");
  const web = home.folder("shop/web");
  home.repository("other");
  Deno.symlinkSync(web, home.file("other/web"));

  assertEquals(home.found(home.file("other/web"))[0], "~/shop");
});

test("a hook's variables change nothing", () => {
  using home = new Home();
  home.repository("shop");
  const other = home.repository("other");
  const env = {
    GIT_DIR: `${other}/.git`,
    GIT_WORK_TREE: other,
    GIT_CEILING_DIRECTORIES: home.path,
    PWD: other,
  };

  assertEquals(home.found(home.folder("shop/src"), env)[0], "~/shop");
});

test("a manifest below the root is refused, and both places are named", () => {
  using home = new Home();
  home.repository("shop");
  home.folder("shop/web");
  const lower = home.write("shop/web/.port-for.toml", "");
  const atRoot = home.file("shop/.port-for.toml");

  for (const folder of [home.folder("shop/web/src"), home.file("shop/web")]) {
    const error = assertThrows(() => home.found(folder), PortForError);
    for (const path of [lower, atRoot]) {
      assertEquals(error.message.includes(path), true, error.message);
    }
  }
  // Beside it there is nothing to be confused with.
  assertEquals(home.found(home.folder("shop/db"))[0], "~/shop");
});

test("a folder that is gone is no checkout", () => {
  using home = new Home();
  const gone = home.folder("gone");
  Deno.removeSync(gone);

  const error = assertThrows(() => home.found(gone), PortForError);
  assertEquals(error.message.includes("is gone"), true, error.message);
});

Deno.test({
  name: "every kind of checkout that git makes is one of its own",
  ignore: !isUnix || !hasTool("git", "--version"),
  fn: async () => {
    using home = new Home();
    const git = async (...args: string[]) => {
      const env = {
        HOME: home.path,
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_ALLOW_PROTOCOL: "file",
        ...Object.fromEntries(
          ["AUTHOR", "COMMITTER"].flatMap((who) => [
            [`GIT_${who}_NAME`, "Me"],
            [`GIT_${who}_EMAIL`, "me@example.com"],
          ]),
        ),
      };
      const words = ["git", "-c", "init.defaultBranch=main", ...args];
      const { status, stderr } = await runTool(words, { cwd: home.path, env });
      assertEquals(status, 0, stderr);
    };
    await git("init", "-q", "shop");
    home.folder("shop/web");
    home.write("shop/web/server.js", "");
    await git("-C", "shop", "add", ".");
    await git("-C", "shop", "commit", "-qm", "One");
    await git("clone", "-q", "shop", "clone");
    await git("-C", "shop", "worktree", "add", "-q", "../fix");
    await git("-C", "shop", "worktree", "add", "-q", "inside");
    await git("-C", "shop", "submodule", "--quiet", "add", "../clone", "lib");
    await git("init", "-q", "--separate-git-dir", "elsewhere", "apart");
    await git("clone", "-q", "--bare", "shop", "all/.bare");
    await git("-C", "all/.bare", "worktree", "add", "-q", "../main2");
    home.write("all/.git", "gitdir: ./.bare\n");

    for (
      const [folder, root] of [
        ["shop/web", "shop"],
        ["clone/web", "clone"],
        ["fix/web", "fix"],
        ["shop/inside/web", "shop/inside"],
        ["shop/lib/web", "shop/lib"],
        ["apart", "apart"],
        ["all/main2/web", "all/main2"],
        ["all", "all"],
      ] as const
    ) {
      assertEquals(home.found(home.file(folder)).slice(0, 2), [
        `~/${root}`,
        ".git",
      ]);
    }
    // In a container the repository of a worktree may not be there at all.
    Deno.removeSync(home.file("shop/.git"), { recursive: true });
    assertEquals(home.found(home.file("fix/web"))[0], "~/fix");
  },
});
