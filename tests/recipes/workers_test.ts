import { assertEquals } from "@std/assert";
import { hasTool } from "../support/tools.ts";
import { PYTHON } from "../support/holders.ts";
import { Kitchen, recipe } from "../support/recipe.ts";

const [CONFTEST = ""] = recipe("pytest-xdist");
const [PORT_MODULE = ""] = recipe("node-test");

/** Writes which worker had which port into a folder, after listening on it. */
const PYTHON_TEST = `
import os, socket, time

def test_port(web_port):
    with socket.create_server(("127.0.0.1", web_port)):
        with open("ports/" + os.environ["PYTEST_XDIST_WORKER"], "w") as file:
            file.write(str(web_port))
        # The other worker has to be there at the same time.
        deadline = time.monotonic() + 60
        while len(os.listdir("ports")) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
`;

const JS_TEST = `
import assert from "node:assert";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename } from "node:path";
import test from "node:test";
import { port } from "../tools/own-port.mjs";

test("the port is this file's own", async () => {
  const server = createServer();
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  writeFileSync("ports/" + basename(process.argv[1]), String(port));
  // The other file has to be there at the same time.
  const deadline = Date.now() + 60_000;
  while (readdirSync("ports").length < 2) {
    assert(Date.now() < deadline);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  server.close();
});
`;

/** A project whose tests write their ports down. */
class Project extends Kitchen {
  /** Runs the tests. Returns which worker had which port. */
  async ports(...words: string[]): Promise<Record<string, string>> {
    const folder = `${this.project}/ports`;
    Deno.mkdirSync(folder);
    try {
      await this.print(...words);
      return Object.fromEntries(
        [...Deno.readDirSync(folder)].map(({ name }) =>
          [name, Deno.readTextFileSync(`${folder}/${name}`)] as const
        ),
      );
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  }

  /** The names in the user's store that belong to the project. */
  async namedPorts(): Promise<Record<string, number>> {
    const call = ["port-for", "--user", "--here", "--list", "--json"];
    const all: Record<string, number> = JSON.parse(await this.print(...call));
    return Object.fromEntries(
      Object.entries(all).map(([name, port]) =>
        [name.slice(this.project.length + 1), port] as const
      ),
    );
  }
}

Deno.test({
  name: "each worker of pytest-xdist has a port of its own, in every run",
  ignore: Deno.build.os === "windows" || !hasTool(PYTHON, "-c", "import xdist"),
  fn: async () => {
    using project = new Project();
    project.write("project/conftest.py", CONFTEST);
    project.write("project/test_a.py", PYTHON_TEST);
    project.write("project/test_b.py", PYTHON_TEST);
    const pytest = [
      PYTHON,
      "-B",
      "-m",
      "pytest",
      "-q",
      "-p",
      "no:cacheprovider",
    ];
    const first = await project.ports(...pytest, "-n2");

    assertEquals(Object.keys(first).toSorted(), ["gw0", "gw1"]);
    assertEquals(new Set(Object.values(first)).size, 2);
    assertEquals(await project.ports(...pytest, "-n2"), first);
    assertEquals(await project.namedPorts(), {
      "pytest-gw0": Number(first.gw0),
      "pytest-gw1": Number(first.gw1),
    });
  },
});

Deno.test({
  name: "each test file of Node's runner has a port of its own, in every run",
  ignore: Deno.build.os === "windows" || !hasTool("node", "--version"),
  fn: async () => {
    using project = new Project();
    Deno.mkdirSync(`${project.project}/test`);
    Deno.mkdirSync(`${project.project}/tools`);
    project.write("project/tools/own-port.mjs", PORT_MODULE);
    const files = ["test/a.test.mjs", "test/b.test.mjs"];
    for (const file of files) project.write(`project/${file}`, JS_TEST);
    // Without names of files it takes all that it finds in test/.
    const node = ["node", "--test", "--test-concurrency=2"];
    const first = await project.ports(...node);

    assertEquals(new Set(Object.values(first)).size, 2);
    assertEquals(await project.ports(...node), first);
    assertEquals(await project.namedPorts(), {
      "test-test/a.test.mjs": Number(first["a.test.mjs"]),
      "test-test/b.test.mjs": Number(first["b.test.mjs"]),
    });
  },
});
