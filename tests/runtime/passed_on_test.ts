import { assertEquals } from "@std/assert";
import { isForCommand, signalsToPassOn } from "../../lib/runtime/passed_on.ts";

const ALL = signalsToPassOn("linux");

/** The signals that reach the command in this setting. */
function passedOn(
  mask: string | undefined,
  hasTerminal = false,
  stat?: string,
): string[] {
  const status = mask && `Name:\tsh\nSigBlk:\t0000000000000001\n` +
      `SigIgn:\t${mask}\nSigCgt:\t00000000ffffffff\n`;
  return ALL.filter((signal) =>
    isForCommand(signal, { status, stat, hasTerminal })
  );
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

Deno.test("only what is in the terminal's foreground is sent its keys", () => {
  const none = "0000000000000000";
  const withoutKeys = ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM"];
  // pid, name, state, parent, group, session, terminal, foreground group
  const foreground = "812 (a ) b) S 700 812 700 34816 812 4194304 100";
  assertEquals(passedOn(none, true, foreground), withoutKeys);
  const background = "812 (port-for) S 700 812 700 34816 700 4194304 100";
  assertEquals(passedOn(none, true, background), ALL);
  const container = "1 (port-for) S 0 1 1 34816 1 4194304 100";
  assertEquals(passedOn(none, true, container), ALL);
});
