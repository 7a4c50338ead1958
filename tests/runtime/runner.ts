/**
 * The runtime interface as a program, so that it can be asked on any engine:
 *
 * - `cases SETTING`: runs the cases of a setting, and prints a line of JSON for
 *   each
 * - `hold FILE`: locks the file, says so, and holds the lock until its standard
 *   input ends
 * - `try FILE`: prints whether it could lock the file
 * - `print COUNT`: prints so many bytes, and on standard error what failed
 * - `width`: prints how many columns the terminal has
 * - `command WORD...`: runs a command in place, and prints its status
 *
 * @module
 */
import process from "node:process";
import { currentRuntime as runtime } from "../../lib/runtime/current.ts";
import { errorCode } from "../../lib/runtime/runtime.ts";
import type { Setting } from "./case.ts";
import { casesIn, runCase } from "./cases.ts";

/** What became of a case. */
export interface CaseResult {
  readonly name: string;
  /** What failed; not there where the case holds. */
  readonly failure?: string;
}

const [command, argument = "", ...more] = runtime.args;
switch (command) {
  case "cases": {
    if (argument === "user" && runtime.userId() === 0) becomeNobody();
    for (const each of casesIn(argument as Setting)) {
      let result: CaseResult = { name: each.name };
      try {
        await runCase(each, runtime);
      } catch (error) {
        const failure = (error as Error).stack ?? String(error);
        result = { ...result, failure };
      }
      console.log(JSON.stringify(result));
    }
    break;
  }
  case "hold": {
    const file = runtime.open(argument, {});
    console.log(await file.lock(0, true) ? "held" : "not held");
    await new Promise((resolve) => process.stdin.on("end", resolve).resume());
    file.close();
    break;
  }
  case "try":
    console.log(await runtime.open(argument, {}).lock(0, true));
    break;
  case "print":
    try {
      runtime.writeOut("0123456789".repeat(Number(argument) / 10));
    } catch (error) {
      runtime.writeError(`${errorCode(error)}\n`);
    }
    break;
  case "width":
    console.log(`width: ${runtime.terminalWidth()}`);
    break;
  case "command": {
    const environment = { PORT_FOR_TEST: "a=b é" };
    const status = await runtime.runInPlace(argument, more, environment);
    console.log(`status ${status}`);
    break;
  }
  default:
    runtime.exit(2);
}
runtime.exit(0);

/** The group first: afterwards there is no right to. */
function becomeNobody(): void {
  process.setgid!(65_534);
  process.setuid!(65_534);
}
