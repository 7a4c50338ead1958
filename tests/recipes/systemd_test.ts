import { assertEquals, assertStringIncludes } from "@std/assert";
import { hasTool } from "../support/tools.ts";
import { runTool } from "../support/program.ts";
import { Kitchen, recipe } from "../support/recipe.ts";
import { Running } from "../support/running.ts";
import { canBeKeptOut, KEPT_OUT } from "../support/store.ts";

const [INSTALL = "", UNIT = ""] = recipe("systemd");

/** A machine with the unit, its server, and a store that is not the unit's. */
class Server extends Kitchen {
  readonly store = this.file("ports.toml");
  readonly unit = UNIT
    .replaceAll("/usr/local/bin/port-for", this.file("bin/port-for"))
    .replaceAll(
      "/usr/local/bin/shop-server",
      this.command("shop-server", 'echo "$$"; echo "$*"; exec sleep 600'),
    );

  /** The lines of the unit that set something. */
  setting(name: string): string {
    return new RegExp(`^${name}=(.*)$`, "m").exec(this.unit)?.[1] ?? "";
  }

  /** Starts the unit as systemd does, but that it may not write the store. */
  startUnit(): Running {
    const [command, ...args] = this.setting("ExecStart").split(" ");
    assertEquals(command, this.file("bin/port-for"));
    return new Running(args, {
      env: { PORT_FOR_STORE: this.store },
      prefix: KEPT_OUT,
    });
  }

  /** Runs the first block, as root would. */
  async install(): Promise<string> {
    const env = { ...this.env, PORT_FOR_STORE: this.store };
    const { stdout } = await runTool(["sh", "-euc", INSTALL], { env });
    return stdout.trimEnd();
  }

  /** Lets nobody write the store or anything next to it. */
  protect(): void {
    Deno.chmodSync(this.path, 0o555);
  }

  override [Symbol.dispose](): void {
    Deno.chmodSync(this.path, 0o755);
    super[Symbol.dispose]();
  }
}

Deno.test({
  name: "systemd finds no fault in the unit",
  ignore: Deno.build.os !== "linux" || !hasTool("systemd-analyze", "--version"),
  fn: async () => {
    using server = new Server();
    const unit = server.write("shop.service", server.unit);
    const { status, stdout, stderr } = await runTool(
      ["systemd-analyze", "verify", "--man=no", unit],
    );

    assertEquals([status, stdout, stderr], [0, "", ""]);
  },
});

Deno.test({
  name: "the unit looks its port up without the right to write the store",
  ignore: !canBeKeptOut,
  fn: async () => {
    using server = new Server();
    const port = await server.install();
    server.protect();
    await using service = server.startUnit();
    const child = await service.child();

    assertEquals(await service.line(), `--port ${port}`);
    service.signal("SIGTERM");
    // The server is what systemd started, so it gets the signal itself.
    assertEquals(child, service.pid);
    assertEquals((await service.ending()).signal, "SIGTERM");
  },
});

Deno.test({
  name: "the unit fails, and says why, where nobody gave it a port",
  ignore: !canBeKeptOut,
  fn: async () => {
    using server = new Server();
    server.protect();
    const [command, ...args] = server.setting("ExecStart").split(" ");
    const { status, stdout, stderr } = await runTool(
      [...KEPT_OUT, command!, ...args],
      { env: { ...server.env, PORT_FOR_STORE: server.store } },
    );

    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, `cannot write ${server.store}: permission`);
  },
});
