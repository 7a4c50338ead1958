import { assert, assertEquals, assertMatch } from "@std/assert";
import { thisMachine } from "../../scripts/targets.ts";
import { type Outcome, PROJECT, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import { hasTool } from "../support/tools.ts";
import { NpmRegistry } from "./npm_registry.ts";
import { packaged, trap } from "./packaged.ts";

/** Another machine, and the one that differs from this one by its C library. */
const OTHERS = ["darwin-arm64", `${thisMachine()}-musl`];

Deno.test({
  name: "the npm packages",
  ignore: !hasTool("npm", "--version") || Deno.build.os !== "linux",
  fn: async (t) => {
    using temp = new TempFolder();
    const { dist, binary } = await packaged(temp, "npm", OTHERS);
    await using registry = await NpmRegistry.of(`${dist}/npm`);
    const env = {
      HOME: temp.file("home"),
      PORT_FOR_STORE: temp.file("npm.toml"),
      npm_config_registry: registry.url,
      // Where npx looks for programs first: elsewhere than beside node.
      npm_config_prefix: temp.file("global"),
      npm_config_audit: "false",
      npm_config_fund: "false",
      npm_config_update_notifier: "false",
    };
    const own = `@port-for/${thisMachine()}`;

    /** A project of its own, with a script that a stripped binary would run. */
    const project = (name: string) => {
      Deno.mkdirSync(temp.file(name));
      Deno.renameSync(
        `${trap(temp)}/package.json`,
        temp.file(`${name}/package.json`),
      );
      const run = (...words: string[]): Promise<Outcome> =>
        runTool(words, { cwd: temp.file(name), env });
      const npm = async (...args: string[]) => {
        const { status, stdout, stderr } = await run("npm", ...args);
        assertEquals(status, 0, stdout + stderr);
      };
      const installed = () =>
        [...Deno.readDirSync(temp.file(`${name}/node_modules/@port-for`))]
          .map(({ name }) => `@port-for/${name}`);
      return { run, npm, installed, path: temp.file(name) };
    };
    const assertGivesPort = (outcome: Outcome) => {
      assertEquals(outcome.stderr, "");
      assertMatch(outcome.stdout, /^\d+\n$/);
      assertEquals(outcome.status, 0);
    };

    await t.step("run from an empty folder with npx", async () => {
      const { run } = project("empty");
      assertGivesPort(await run("npx", "--yes", "port-for", "--here", "web"));
    });

    await t.step(
      "bring the binary as it was compiled, without scripts",
      async () => {
        const { run, npm, installed, path } = project("ignoring");
        await npm("install", "--save-dev", "--ignore-scripts", "port-for");
        assertEquals(installed(), [own]);
        assertGivesPort(await run("npx", "port-for", "--here", "web"));
        const copy = `${path}/node_modules/${own}/port-for`;
        assertEquals((await runTool(["cmp", binary, copy])).status, 0);
      },
    );

    await t.step("come from a lockfile that was made elsewhere", async () => {
      const { run, npm, installed } = project("locked");
      await npm(
        ...["install", "--save-dev", "--package-lock-only"],
        ...["--os=darwin", "--cpu=arm64", "port-for"],
      );
      await npm("ci");
      assertEquals(installed(), [own]);
      assertGivesPort(await run("npx", "port-for", "--here", "web"));
    });

    await t.step("say which of them is missing", async () => {
      const { run, npm } = project("omitting");
      await npm("install", "--omit=optional", "port-for");
      const { status, stdout, stderr } = await run("npx", "port-for", "web");
      assert(
        stderr.startsWith(
          `port-for: cannot start: the npm package ${own} is not installed (`,
        ),
        stderr,
      );
      assertEquals(stdout, "");
      assertEquals(status, 1);
    });

    await t.step("take this C library's where all are there", async () => {
      const { run, npm, installed } = project("forced");
      await npm("install", "--force", "port-for", own, `${own}-musl`);
      assertEquals(installed().sort(), [own, `${own}-musl`]);
      assertGivesPort(await run("npx", "port-for", "--here", "web"));
    });

    const path = temp.file("ignoring");
    const launcher = [
      ...["node", `${path}/node_modules/.bin/port-for`],
      ...["--here", "web", "--"],
    ];

    await t.step("end as the binary does", async () => {
      const options = { cwd: path, env };
      const exits = await runTool([...launcher, "sh", "-c", "exit 7"], options);
      assertEquals(exits.status, 7);
      const killed = await runTool(
        [...launcher, "sh", "-c", "kill -KILL $$"],
        options,
      );
      assertEquals(killed.status, 128 + 9);
    });

    await t.step("put no shell in between", async () => {
      const arguments_ = ["a b", "$(id)", "'", "*", ";"];
      const { stdout } = await runTool(
        [...launcher, "printf", "%s\\n", ...arguments_],
        { cwd: path, env },
      );
      assertEquals(stdout.trim().split("\n"), arguments_);
    });

    await t.step("leave a terminal's keys to the program", async () => {
      // Ctrl-C reaches the whole foreground: passed on, it would come twice.
      const own = temp.file(`keys/node_modules/@port-for/${thisMachine()}`);
      Deno.mkdirSync(own, { recursive: true });
      Deno.writeTextFileSync(
        `${own}/port-for`,
        `#!/bin/sh
        trap 'echo interrupted' INT
        echo ready; sleep 1 & wait; wait; wait; echo done`,
        { mode: 0o755 },
      );
      const copy = temp.file("keys/port-for.cjs");
      Deno.copyFileSync(`${PROJECT}/scripts/package/npm_launcher.cjs`, copy);
      const command = `node ${copy}`;
      const process = new Deno.Command("script", {
        args: ["--quiet", "--return", "--command", command, "/dev/null"],
        cwd: path,
        env,
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const keys = process.stdin.getWriter();
      let output = "";
      for await (
        const text of process.stdout.pipeThrough(new TextDecoderStream())
      ) {
        if (output === "") {
          // Two interrupts count as one until the shell waits.
          await new Promise((resolve) => setTimeout(resolve, 200));
          await keys.write(new Uint8Array([3]));
        }
        output += text;
      }
      await keys.close();
      await process.status;
      assertEquals(output.match(/interrupted/g)?.length, 1, output);
      assert(output.includes("done"), output);
    });

    await t.step("pass signals on", async () => {
      for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) {
        const [command, ...args] = [
          ...[...launcher, "sh", "-c"],
          `trap 'echo got ${signal}; exit 5' ${signal.slice(3)}
          echo ready; while :; do sleep 0.1; done`,
        ];
        const process = new Deno.Command(command!, {
          args,
          cwd: path,
          env,
          stdin: "null",
          stdout: "piped",
          stderr: "null",
        }).spawn();
        const reader = process.stdout
          .pipeThrough(new TextDecoderStream()).getReader();
        assertEquals((await reader.read()).value, "ready\n");
        process.kill(signal);
        assertEquals((await reader.read()).value, `got ${signal}\n`);
        assertEquals((await reader.read()).done, true);
        assertEquals((await process.status).code, 5);
      }
    });
  },
});
