import { assertEquals } from "@std/assert";
import { isForCommand, signalsToPassOn } from "../../lib/runtime/passed_on.ts";

const ALL = signalsToPassOn("linux");

/** The signals that reach the command in this setting. */
function passedOn(mask: string | undefined, hasTerminal = false): string[] {
  const status = mask && `Name:\tsh\nSigBlk:\t0000000000000001\n` +
      `SigIgn:\t${mask}\nSigCgt:\t00000000ffffffff\n`;
  return ALL.filter((signal) => isForCommand(signal, { status, hasTerminal }));
}

Deno.test("every signal that would end this process is passed on", () => {
  assertEquals(passedOn("0000000000001000"), ALL);
  assertEquals(passedOn("ffffffff00000000"), ALL);
  assertEquals(passedOn(undefined), ALL);
  assertEquals(signalsToPassOn("windows"), ["SIGINT"]);
});

Deno.test("what was ignored before the start is ignored still", () => {
  const without = (...names: string[]) =>
    ALL.filter((signal) => !names.includes(signal));
  assertEquals(passedOn("0000000000001001"), without("SIGHUP"));
  assertEquals(passedOn("0000000000000006"), without("SIGINT", "SIGQUIT"));
  assertEquals(passedOn("0000000000004000"), without("SIGTERM"));
  assertEquals(passedOn("0000000000000a00"), without("SIGUSR1", "SIGUSR2"));
});

Deno.test("what a key of the terminal sends is not sent twice", () => {
  const passed = passedOn("0000000000000000", true);
  assertEquals(passed, ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM"]);
});
