import { assert, assertEquals, assertRejects } from "@std/assert";
import fs from "node:fs";
import process from "node:process";
import { errorCode } from "../../lib/runtime/runtime.ts";
import { fails, type RuntimeCase } from "./case.ts";

/** What the interface promises of commands, and of the process itself. */
export const PROCESS_CASES: readonly RuntimeCase[] = [
  {
    name: "run returns the output, whole, and the status",
    run(runtime) {
      const { status, output } = runtime.run("sh", [
        "-c",
        'printf "%s|" "$@"; echo lost >&2; exit 7',
        "sh",
        "a b",
        "",
        "$HOME;é",
      ]);
      assertEquals(output, "a b||$HOME;é|");
      assertEquals(status, 7);
      const large = runtime.run("head", ["-c", "300000", "/dev/zero"]);
      assertEquals(large.output.length, 300_000);
      assertEquals(large.status, 0);
    },
  },
  {
    name: "run gives the command nothing to read",
    run(runtime) {
      assertEquals(runtime.run("cat", []), { status: 0, output: "" });
    },
  },
  {
    name: "run returns a status for a command that a signal ended",
    run(runtime) {
      const { status } = runtime.run("sh", ["-c", "kill -9 $$"]);
      assert(Number.isInteger(status) && status !== 0, `status ${status}`);
    },
  },
  {
    name: "run fails with the system's code",
    run(runtime, folder) {
      fails("ENOENT", () => runtime.run("port-for-no-such-command", []));
      fails("ENOENT", () => runtime.run(`${folder}/none`, ["x"]));
      fs.writeFileSync(`${folder}/file`, "");
      fails("EACCES", () => runtime.run(`${folder}/file`, []));
    },
  },
  {
    name: "runInPlace returns the status of a command, or of its signal",
    async run(runtime) {
      const status = (script: string) =>
        runtime.runInPlace("sh", ["-c", script], {});
      assertEquals(await status("exit 0"), 0);
      assertEquals(await status("exit 7"), 7);
      assertEquals(await status("kill -9 $$"), 128 + 9);
      assertEquals(await status("kill -15 $$"), 128 + 15);
    },
  },
  {
    name: "runInPlace sets variables beside those of this process",
    async run(runtime, folder) {
      process.env.PORT_FOR_TEST = "before";
      process.env.PORT_FOR_TEST_KEPT = "kept";
      try {
        await runtime.runInPlace(
          "sh",
          [
            "-c",
            'printf "$PORT_FOR_TEST|$PORT_FOR_TEST_KEPT" >"$0"',
            `${folder}/file`,
          ],
          { PORT_FOR_TEST: "a=b é" },
        );
        assertEquals(fs.readFileSync(`${folder}/file`, "utf8"), "a=b é|kept");
        assertEquals(runtime.env("PORT_FOR_TEST"), "before");
      } finally {
        delete process.env.PORT_FOR_TEST;
        delete process.env.PORT_FOR_TEST_KEPT;
      }
    },
  },
  {
    name: "runInPlace fails with the system's code",
    async run(runtime, folder) {
      fs.writeFileSync(`${folder}/file`, "");
      const fails = async (code: string, command: string) => {
        const error = await assertRejects(() =>
          runtime.runInPlace(command, [], {})
        );
        assertEquals(errorCode(error), code, String(error));
      };
      await fails("ENOENT", "port-for-no-such-command");
      await fails("ENOENT", `${folder}/none`);
      await fails("EACCES", `${folder}/file`);
    },
  },
  {
    name: "currentFolder is the one that the system says",
    run(runtime) {
      const { output } = runtime.run("pwd", ["-P"]);
      assertEquals(`${runtime.currentFolder()}\n`, output);
    },
  },
  {
    name: "env tells a variable that is empty from one that is not set",
    run(runtime) {
      process.env.PORT_FOR_TEST_EMPTY = "";
      process.env.PORT_FOR_TEST_SET = "a=b c\né";
      try {
        assertEquals(runtime.env("PORT_FOR_TEST_EMPTY"), "");
        assertEquals(runtime.env("PORT_FOR_TEST_SET"), "a=b c\né");
        assertEquals(runtime.env("PORT_FOR_TEST_UNSET"), undefined);
      } finally {
        delete process.env.PORT_FOR_TEST_EMPTY;
        delete process.env.PORT_FOR_TEST_SET;
      }
    },
  },
  {
    name: "userId is the one that the system says",
    run(runtime) {
      assertEquals(`${runtime.userId()}\n`, runtime.run("id", ["-u"]).output);
    },
  },
  {
    name: "os is the one that the system says",
    run(runtime) {
      const { output } = runtime.run("uname", ["-s"]);
      assertEquals(runtime.os, output.trim().toLowerCase());
    },
  },
];
