import { assertEquals } from "@std/assert";
import { Kitchen, recipe } from "../support/recipe.ts";
import { hasTool } from "../support/tools.ts";

const [INSTALL = "", RUNIT = "", S6 = ""] = recipe("runit-s6");
const [PROCFILE = "", INIT = "", START = ""] = recipe("procfile");

/** A machine with a service that says its process id and what it is told. */
class Machine extends Kitchen {
  readonly server = this.command(
    "shop-server",
    'echo "$$ $*"\nexec sleep 600',
  );

  /** Writes the service, with this machine's paths and no other user. */
  service(run: string): string {
    Deno.mkdirSync(this.file("shop"));
    const text = run.replace(/(?:chpst -u|s6-setuidgid) shop /, "")
      .replace("/usr/local/bin/shop-server", this.server)
      .replace("port-for shop", `port-for --store ${this.store} shop`);
    this.writeProgram("shop/run", text);
    return this.file("shop");
  }

  readonly store = this.file("ports.toml");

  /** Gives the service its port, as root does. */
  async install(): Promise<string> {
    return (await this.print(
      ...["env", `PORT_FOR_STORE=${this.store}`, "sh", "-euc", INSTALL],
    )).trimEnd();
  }
}

for (
  const [name, run, supervisor, pid] of [
    ["runit", RUNIT, "runsv", ["cat", "shop/supervise/pid"]],
    ["s6", S6, "s6-supervise", ["s6-svstat", "-o", "pid", "shop"]],
  ] as const
) {
  Deno.test({
    name: `${name} supervises the server itself, on its port`,
    ignore: Deno.build.os !== "linux" ||
      !hasTool("sh", "-c", `command -v ${supervisor}`),
    fn: async () => {
      using machine = new Machine();
      const port = await machine.install();
      const folder = machine.service(run);
      await using supervised = machine.start(
        machine.path,
        supervisor,
        folder,
      );
      const [, server] = await supervised.says(/^(\d+) --port (\d+)$/m);
      const found = await machine.callIn(machine.path, ...pid);

      assertEquals(supervised.said.trimEnd(), `${server} --port ${port}`);
      assertEquals(found.stdout.trimEnd(), server);
      Deno.kill(Number(server), "SIGKILL");
    },
  });
}

Deno.test({
  name: "a Procfile's processes have a port each, whatever its runner numbers",
  ignore: Deno.build.os === "windows" || !hasTool("foreman", "version"),
  fn: async () => {
    using kitchen = new Kitchen();
    kitchen.repository();
    kitchen.write("project/Procfile", PROCFILE);
    kitchen.writeProgram(
      "project/serve",
      '#!/bin/sh\necho "served $*"\nexec sleep 600\n',
    );
    await kitchen.print("sh", "-euc", INIT);
    const words = ["sh", "-euc", `exec ${START}`];
    await using runner = kitchen.start(kitchen.project, ...words);
    const [, ofWeb] = await runner.says(/web\.1.*served (.*)/);
    const [, ofApi] = await runner.says(/api\.1.*served (.*)/);
    const [web, api] = [await kitchen.port("web"), await kitchen.port("api")];

    assertEquals(ofWeb, `--port ${web} --api ${api}`);
    assertEquals(ofApi, `--port ${api}`);
  },
});
