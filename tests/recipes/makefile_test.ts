import { assertEquals, assertStringIncludes } from "@std/assert";
import { hasTool } from "../support/tools.ts";
import { Holder, PYTHON } from "../support/holders.ts";
import { environment } from "../support/program.ts";
import { Kitchen, recipe } from "../support/recipe.ts";

const [MAKEFILE = ""] = recipe("makefile");

/** Answers one request with its arguments, or gives up after a while. */
const SERVE = `#!${PYTHON}
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(" ".join(sys.argv[1:]).encode())
    def log_message(self, *args):
        pass
host, port = sys.argv[2].split(":")
server = http.server.HTTPServer((host, int(port)), Handler)
server.timeout = 60
print("ready", flush=True)
server.handle_request()
`;

const ignore = Deno.build.os === "windows" || !hasTool("make", "--version") ||
  !hasTool("curl", "--version") || !hasTool(PYTHON, "--version");

/** A project with this Makefile and a server. */
class Project extends Kitchen {
  constructor() {
    super();
    this.write("project/Makefile", MAKEFILE);
    this.writeProgram("project/serve", SERVE);
  }
}

Deno.test({
  name: "make smoke finds the server that make run started",
  ignore,
  fn: async () => {
    using project = new Project();
    const server = new Deno.Command("make", {
      args: ["--silent", "run"],
      cwd: project.project,
      clearEnv: true,
      env: environment(project.env),
      stdout: "piped",
    }).spawn();
    const reader = server.stdout
      .pipeThrough(new TextDecoderStream()).getReader();
    let said = "";
    while (!said.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) break;
      said += value;
    }
    assertEquals(said, "ready\n");
    const answer = await project.print("make", "--silent", "smoke");
    const { success } = await server.status;
    await reader.cancel();

    const [web, db] = [await project.port("web"), await project.port("db")];
    assertEquals(
      answer,
      `--listen 127.0.0.1:${web} --database 127.0.0.1:${db}`,
    );
    assertEquals(success, true);
  },
});

Deno.test({
  name: "make run stops where somebody else uses a port, and says who",
  ignore,
  fn: async () => {
    using project = new Project();
    const port = Number(
      await project.print("port-for", "--user", "--here", "--random", "db"),
    );
    await using holder = await Holder.of(port, "listening", "127.0.0.1");
    const { status, stdout, stderr } = await project.call(
      "make",
      "--silent",
      "run",
    );

    assertEquals([status, stdout], [2, ""]);
    assertStringIncludes(stderr, `port ${port} of "db" is in use by `);
    if (Deno.build.os === "linux") {
      assertStringIncludes(stderr, `${holder.pid}`);
    }
  },
});
