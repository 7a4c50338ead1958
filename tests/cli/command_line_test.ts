import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { CommandLine } from "../../lib/cli/command_line.ts";
import { PortForError } from "../../lib/error.ts";
import { nameProblem } from "../../lib/association.ts";

function assertRefused(args: readonly string[], ...parts: string[]): void {
  const error: PortForError = assertThrows(
    () => new CommandLine(args),
    PortForError,
  );
  assertEquals(error.code, "BAD_INPUT");
  assertStringIncludes(error.message, "cannot read the command line: ");
  assertStringIncludes(error.message, "--help");
  for (const part of parts) assertStringIncludes(error.message, part);
}

Deno.test("words are names, in their order, twice where they are given twice", () => {
  const line = new CommandLine(["b", "a", "b"]);

  assertEquals(line.action, "associate");
  assertEquals(line.names, ["b", "a", "b"]);
});

Deno.test("--bind is a name where it stands", () => {
  for (
    const args of [
      ["a", "--bind", "b", "c"],
      ["a", "--bind=b", "c"],
      ["a", "-b", "b", "c"],
      ["a", "-bb", "c"],
      ["-ba", "-bb", "-bc"],
    ]
  ) {
    assertEquals(new CommandLine(args).names, ["a", "b", "c"]);
  }
});

Deno.test("a value stands behind its option, in it, or behind its letter", () => {
  for (
    const args of [
      ["web", "--port", "80"],
      ["--port", "80", "web"],
      ["--port=80", "web"],
      ["-p", "80", "web"],
      ["-p80", "web"],
    ]
  ) {
    const line = new CommandLine(args);
    assertEquals(line.value("port"), "80");
    assertEquals(line.names, ["web"]);
  }
});

Deno.test("a value is free text", () => {
  for (const value of ["", " ", "=", "a=b", "-1", "-", "a\nb", "true"]) {
    assertEquals(
      new CommandLine(["w", "--store", value]).value("store"),
      value,
    );
    assertEquals(
      new CommandLine([`--store=${value}`, "w"]).value("store"),
      value,
    );
  }
});

Deno.test("an option in place of a value is a missing value", () => {
  for (
    const next of [[], ["--json"], ["--json=1"], ["-l"], ["--store=x"], ["--"]]
  ) {
    assertRefused(["web", "--port", ...next], "--port needs a value, PORT");
  }
});

Deno.test("a switch takes no value from what follows it", () => {
  const line = new CommandLine(["--random", "true", "--udp", "false", "1"]);

  assertEquals(line.names, ["true", "false", "1"]);
  assert(line.has("random") && line.has("udp") && !line.has("json"));
});

Deno.test("letters stand together, the last one with its value", () => {
  assertEquals(new CommandLine(["-vh"]).action, "help");
  assertEquals(new CommandLine(["-gweb"]).values("get"), ["web"]);
  assertRefused(["-lp"], "--port needs a value");
});

Deno.test("repeatable options keep every value, in order", () => {
  const line = new CommandLine(["--unbind", "b", "-ua", "--unbind=b"]);

  assertEquals(line.action, "unbind");
  assertEquals(line.values("unbind"), ["b", "a", "b"]);
  assertEquals(line.values("get"), []);
});

Deno.test("an option that makes no sense twice is refused twice", () => {
  for (const option of ["port", "range", "store", "wait"]) {
    const twice = [`--${option}=1`, `--${option}=1`];
    assertRefused(["web", ...twice], `--${option} is given more than once`);
  }
  assertEquals(new CommandLine(["--json", "--json", "a"]).names, ["a"]);
});

Deno.test("unknown options are named", () => {
  for (
    const [arg, named] of [
      ["--nope", "--nope"],
      ["--nope=1", "--nope"],
      ["---port", "---port"],
      ["--=x", "--"],
      ["--PORT", "--PORT"],
      ["--port-", "--port-"],
      ["--por", "--por"],
      ["--constructor", "--constructor"],
      ["-z", "-z"],
      ["-lz", "-z"],
      ["-1", "-1"],
      ["-=", "-="],
    ] as const
  ) {
    assertRefused([arg, "web"], `unknown option ${named} `);
  }
});

Deno.test("an unknown option is shown whole, and cannot confuse a terminal", () => {
  for (const arg of ["--a\nb", "--\u001b[31m", "-\u{1f600}", "-\u001b"]) {
    const { message }: Error = assertThrows(() =>
      new CommandLine([arg, "web"])
    );

    assert(!/\p{Cc}/u.test(message), JSON.stringify(message));
    assert(message.isWellFormed(), JSON.stringify(message));
  }
});

Deno.test("what stands behind -- is a command, whatever it looks like", () => {
  const line = new CommandLine(["web", "--udp", "--", "npm", "--json", "--"]);

  assertEquals(line.names, ["web"]);
  assertEquals(line.command, ["npm", "--json", "--"]);
  assert(!line.has("json"));
  assertEquals(new CommandLine(["web"]).command, undefined);
});

Deno.test("a command needs names, and prints nothing else", () => {
  assertRefused(["web", "--"], '"--"', "COMMAND");
  assertRefused(["--", "npm"], "NAME");
  assertRefused(["--list", "--", "npm"], "--list", "COMMAND");
  assertRefused(["web", "--json", "--", "npm"], "--json", "COMMAND");
  assertRefused(["web", "--env", "--", "npm"], "--env", "COMMAND");
});

Deno.test("the directory and the whole store need no name", () => {
  assertEquals(new CommandLine(["--here"]).names, []);
  assertEquals(new CommandLine(["--env"]).names, []);
  assertEquals(new CommandLine(["--here", "--", "npm"]).command, ["npm"]);
});

Deno.test("how to associate means nothing where no name is given", () => {
  assertRefused(["--reserve", "--port", "9000"], "--port", "--reserve");
  assertRefused(["--reserve", "--ttl=1h", "--count=4"], "--reserve");
  assertRefused(["--reserve", "--", "env"], "no NAME");
  assertRefused(["--env", "--port=abc"], "--port", "--env");
  assertRefused(["--env", "--random"], "--random", "--env");
  assertRefused(["--env", "--reserve"], "--reserve", "--env");
  assertRefused(["--env", "--here", "--udp"], "--udp", "--env");
  // Here the directory is the name.
  new CommandLine(["--here", "--reserve", "--port", "9000"]);
  new CommandLine(["--env", "--here"]);
  new CommandLine(["--reserve", "--json"]);
});

Deno.test("contradictions name both sides", () => {
  for (
    const [args, a, b] of [
      [["--list", "--get", "a"], "--list", "--get"],
      [["--unbind=a", "--list"], "--unbind", "--list"],
      [["--list", "web"], "--list", '"web"'],
      [["--get=a", "b"], "--get", '"b"'],
      [["--unbind=a", "-bb"], "--unbind", '"b"'],
      [["--list", "--port=80"], "--port", "--list"],
      [["--get=a", "--random"], "--random", "--get"],
      [["--unbind=a", "--json"], "--json", "--unbind"],
      [["--list", "--env"], "--env", "--list"],
      [["--get=a", "--count=2"], "--count", "--get"],
      [["--prune", "--json"], "--json", "--prune"],
      [["--check", "--status"], "--status", "--check"],
      [["--map", "web"], "--map", '"web"'],
      [["a", "--env", "--json"], "--env", "--json"],
      [["a", "--store=x", "--user"], "--store", "--user"],
      [["a", "--port=80", "--range=1-9"], "--port", "--range"],
      [["a", "--port=80", "--exclude=9"], "--port", "--exclude"],
      [["a", "--port=80", "--random"], "--port", "--random"],
    ] as const
  ) {
    assertRefused(args, a, b);
  }
});

Deno.test("--port is for one name", () => {
  assertRefused(["--port=80", "a", "b"], "--port", "80", '"a", "b"');
  assertEquals(new CommandLine(["--port=80", "a"]).names, ["a"]);
});

Deno.test("no name at all is refused", () => {
  for (const args of [[], ["--json"], ["--port", "80"], ["--store", "x"]]) {
    assertRefused(args, "NAME");
  }
});

Deno.test("help and the version are there whatever else is said", () => {
  for (const option of ["help", "version"] as const) {
    const line = new CommandLine([`--${option}`, "a", "--list", "--port=x"]);
    assertEquals(line.action, option);
  }
  assertRefused(["--help", "--nope"], "--nope");
});

Deno.test("any name is read as it is, wherever it stands", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1 })
    .filter((name) => nameProblem(name) === undefined);

  fc.assert(fc.property(name, name, (a, b) => {
    assertEquals(new CommandLine([a, "--bind", b]).names, [a, b]);
    assertEquals(new CommandLine([`--bind=${a}`, b]).names, [a, b]);
    assertEquals(new CommandLine([`-b${a}`, "--json", b]).names, [a, b]);
    assertEquals(new CommandLine(["-u", a, `-u${b}`]).values("unbind"), [a, b]);
    assertEquals(new CommandLine([`--get=${a}`]).values("get"), [a]);
  }));
});
