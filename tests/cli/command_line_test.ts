import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { nameProblem } from "../../lib/association.ts";
import { CommandLine } from "../../lib/cli/command_line.ts";
import { refused } from "../support/refused.ts";

/** Asserts that a command line is refused, and says these parts. */
async function bad(args: readonly string[], ...parts: string[]): Promise<void> {
  const { message } = await refused(
    "BAD_INPUT",
    () => new CommandLine(args),
    ...["cannot read the command line: ", ...parts],
  );
  // What to do: what was probably meant, or where to read on.
  assert(
    /\((?:see port-for --help|did you mean|make two|port-for).*\)$/.test(
      message,
    ),
    message,
  );
  // It cannot confuse a terminal, whatever was given.
  assert(!/\p{Cc}/u.test(message), JSON.stringify(message));
  assert(message.isWellFormed(), JSON.stringify(message));
}

Deno.test("words are names, in their order; --bind is one where it stands", () => {
  for (
    const args of [
      ["a", "b", "a"],
      ["a", "--bind", "b", "a"],
      ["a", "--bind=b", "a"],
      ["a", "-b", "b", "a"],
      ["-ba", "-bb", "-ba"],
    ]
  ) {
    const line = new CommandLine(args);
    assertEquals(line.names, ["a", "b", "a"]);
    assertEquals(line.action, "associate");
  }
});

Deno.test("a value stands behind its option, in it, or behind its letter", async () => {
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
  for (const value of ["", " ", "=", "a=b", "-1", "-", "a\nb", "true"]) {
    for (const args of [["w", "--store", value], [`--store=${value}`, "w"]]) {
      assertEquals(new CommandLine(args).value("store"), value);
    }
  }
  // An option in its place is a missing value.
  for (
    const next of [[], ["--json"], ["--json=1"], ["-l"], ["--store=x"], ["--"]]
  ) {
    await bad(["web", "--port", ...next], "--port needs a value", "PORT");
  }
});

Deno.test("a switch takes no value from what follows it", () => {
  const line = new CommandLine(["--random", "true", "--udp", "false", "1"]);
  assertEquals(line.names, ["true", "false", "1"]);
  assert(line.has("random") && line.has("udp") && !line.has("json"));
  assertEquals(new CommandLine(["--json", "--json", "a"]).names, ["a"]);
});

Deno.test("letters stand together, the last one with its value", async () => {
  assertEquals(new CommandLine(["-vh"]).action, "help");
  assertEquals(new CommandLine(["-gweb"]).values("get"), ["web"]);
  await bad(["-lp"], "--port needs a value");
});

Deno.test("repeatable options keep every value, in order; others are refused twice", async () => {
  const line = new CommandLine(["--unbind", "b", "-ua", "--unbind=b"]);
  assertEquals(line.action, "unbind");
  assertEquals(line.values("unbind"), ["b", "a", "b"]);
  assertEquals(line.values("get"), []);
  for (const option of ["port", "range", "store", "wait"]) {
    await bad(["web", `--${option}=1`, `--${option}=1`], `--${option}`, "once");
  }
});

Deno.test("a value that is not UTF-8 is refused rather than changed", async () => {
  // So it comes from the engine.
  const notText = "a\ufffd";
  for (const option of ["store", "write", "format", "import"]) {
    await bad(
      ["web", `--${option}`, notText],
      `--${option}`,
      "not valid UTF-8",
    );
  }
});

Deno.test("unknown options are named, whole", async () => {
  for (
    const [arg, named] of [
      ["--nope=1", "--nope"],
      ["---port", "---port"],
      ["--=x", "--"],
      ["--PORT", "--PORT"],
      ["--port-", "--port-"],
      ["--por", "--por"],
      ["--constructor", "--constructor"],
      ["-lz", "-z"],
      ["-1", "-1"],
      ["-=", "-="],
      ["--a\nb", "--a"],
      ["--\u001b[31m", "[31m"],
      ["-\u{1f600}", "-"],
    ] as const
  ) {
    await bad([arg, "web"], "unknown option", named);
  }
  await bad(["--help", "--nope"], "--nope");
});

Deno.test("an unknown option says which one it may have meant", async () => {
  for (
    const [arg, meant] of [
      ["--lst", "--list"],
      ["--statsu", "--status"],
      ["--por", "--port"],
      ["--unbnd=web", "--unbind"],
    ] as const
  ) {
    await bad([arg, "web"], `did you mean ${meant}?`);
  }
  // What is like none is not guessed at.
  await bad(["--kubernetes", "web"], "see port-for --help");
});

Deno.test("what stands behind -- is a command, whatever it looks like", () => {
  const line = new CommandLine(["web", "--udp", "--", "npm", "--json", "--"]);
  assertEquals(line.names, ["web"]);
  assertEquals(line.command, ["npm", "--json", "--"]);
  assert(!line.has("json"));
  assertEquals(new CommandLine(["web"]).command, undefined);
});

Deno.test("what makes no sense is refused, and both sides are named", async () => {
  for (
    const [args, ...named] of [
      // A command needs names, and prints nothing else.
      [["web", "--"], '"--"', "command"],
      [["--", "npm"], "NAME"],
      [["--list", "--", "npm"], "--list", "command"],
      [["web", "--json", "--", "npm"], "--json", "command"],
      [["web", "--env", "--", "npm"], "--env", "command"],
      [["--init", "--here", "--", "npm"], "--init", "command"],
      // What is for a checkout, or for variables, says so.
      [["--init", "web"], "--init", "--here"],
      [["web", "--write", ".env"], "--write", "--env"],
      [["web", "--format", "{port}", "--json"], "--format", "--json"],
      [["--check", "--allow"], "--allow", "--check"],
      [["web", "--fix"], "--fix is for --check"],
      [["--toml"], "--toml is for --list"],
      [["web", "--env", "--write="], '--write ""'],
      // How to associate means nothing where no name is given.
      [["--reserve", "--port", "9000"], "--port", "--reserve"],
      [["--reserve", "--ttl=1h", "--count=4"], "--reserve"],
      [["--reserve", "--", "env"], "NAME"],
      [["--env", "--port=abc"], "--port", "--env"],
      [["--env", "--random"], "--random", "--env"],
      [["--env", "--reserve"], "--reserve", "--env"],
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
      [["--prune", "--env"], "--env", "--prune"],
      [["--check", "--status"], "--status", "--check"],
      [["--map", "web"], "--map", '"web"'],
      [["a", "--env", "--json"], "--env", "--json"],
      [["a", "--store=x", "--user"], "--store", "--user"],
      [["a", "--port=80", "--range=1-9"], "--port", "--range"],
      [["a", "--port=80", "--exclude=9"], "--port", "--exclude"],
      [["a", "--port=80", "--random"], "--port", "--random"],
      // A port is for one name, and there has to be a name.
      [["--port=80", "a", "b"], "--port", "80", '"a"', '"b"'],
      [[], "NAME"],
      [["--json"], "NAME"],
      [["--port", "80"], "NAME"],
      [["--store", "x"], "NAME"],
    ] satisfies [string[], ...string[]][]
  ) {
    await bad(args, ...named);
  }
});

Deno.test("the directory, the whole store and help need no name", () => {
  for (
    const args of [
      ["--here"],
      ["--env"],
      ["--env", "--here"],
      ["--here", "--", "npm"],
      ["--here", "--reserve", "--port", "9000"],
      ["--reserve", "--json"],
    ]
  ) {
    assertEquals(new CommandLine(args).names, []);
  }
  for (const option of ["help", "version"] as const) {
    const line = new CommandLine([`--${option}`, "a", "--list", "--port=x"]);
    assertEquals(line.action, option);
  }
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
