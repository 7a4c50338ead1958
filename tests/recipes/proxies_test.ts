import { assertEquals } from "@std/assert";
import { Kitchen, readsYaml, recipe, yaml } from "../support/recipe.ts";
import { hasTool } from "../support/tools.ts";

const [NGINX = "", CADDY = "", HAPROXY = "", PROMETHEUS = ""] = recipe(
  "proxies",
);

/** A machine with an /etc of its own. */
class Machine extends Kitchen {
  readonly store = this.file("ports.toml");

  /** Runs a block. Returns what it has written. */
  async written(block: string, file: string): Promise<string> {
    const path = this.file(file);
    Deno.mkdirSync(path.replace(/\/[^/]*$/, ""), { recursive: true });
    const script = block.replaceAll("/etc/", `${this.path}/etc/`);
    const store = `PORT_FOR_STORE=${this.store}`;
    await this.print("env", store, "sh", "-euc", script);
    return path;
  }

  /** The port of the shop. */
  async shop(): Promise<string> {
    const call = ["port-for", "--store", this.store, "--get", "shop"];
    return (await this.print(...call)).trimEnd();
  }
}

Deno.test({
  name: "nginx takes the upstream",
  ignore: Deno.build.os !== "linux" || !hasTool("nginx", "-v"),
  fn: async () => {
    using machine = new Machine();
    const file = await machine.written(NGINX, "etc/nginx/conf.d/shop.conf");
    assertEquals(
      Deno.readTextFileSync(file),
      `upstream shop { server 127.0.0.1:${await machine.shop()}; }\n`,
    );
    const whole = machine.write(
      "nginx.conf",
      `pid ${machine.file("pid")};\nerror_log stderr;\nevents {}\nhttp {
        access_log off;
        ${
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) =>
          `${kind}_temp_path ${machine.file(kind)};`
        ).join("\n")
      }
        include ${file};
        server { listen 127.0.0.1:1; location / { proxy_pass http://shop; } }
      }\n`,
    );
    await machine.print("nginx", "-t", "-c", whole);
  },
});

Deno.test({
  name: "Caddy takes the site",
  ignore: Deno.build.os !== "linux" || !hasTool("caddy", "version"),
  fn: async () => {
    using machine = new Machine();
    const file = await machine.written(
      CADDY,
      "etc/caddy/conf.d/shop.caddyfile",
    );
    const whole = machine.write("Caddyfile", `import ${file}\n`);
    const adapt = ["caddy", "adapt", "--adapter", "caddyfile"];
    const json = await machine.print(...adapt, "--config", whole);

    assertEquals(
      json.match(/"dial":"[^"]*"/g),
      [`"dial":"127.0.0.1:${await machine.shop()}"`],
    );
  },
});

Deno.test({
  name: "HAProxy takes the backend",
  ignore: Deno.build.os !== "linux" || !hasTool("haproxy", "-v"),
  fn: async () => {
    using machine = new Machine();
    const file = await machine.written(HAPROXY, "etc/haproxy/conf.d/shop.cfg");
    assertEquals(
      Deno.readTextFileSync(file),
      `backend shop\n  server one 127.0.0.1:${await machine.shop()} check\n`,
    );
    const defaults = machine.write(
      "haproxy.cfg",
      "defaults\n  mode http\n  timeout connect 1s\n  timeout client 1s\n" +
        "  timeout server 1s\nfrontend web\n  bind 127.0.0.1:29999\n" +
        "  default_backend shop\n",
    );
    await machine.print("haproxy", "-c", "-f", defaults, "-f", file);
  },
});

Deno.test({
  name: "Prometheus gets a target for every name",
  ignore: !readsYaml,
  fn: async () => {
    using machine = new Machine();
    Deno.writeTextFileSync(
      machine.store,
      '[ports]\nshop = 20001\n"example.com/db" = 20002\n',
    );
    const file = await machine.written(PROMETHEUS, "etc/prometheus/ports.yml");

    assertEquals(await yaml(Deno.readTextFileSync(file)), [
      { targets: ["127.0.0.1:20001"], labels: { name: "shop" } },
      { targets: ["127.0.0.1:20002"], labels: { name: "example.com/db" } },
    ]);
  },
});
