import { assert, assertEquals, assertThrows } from "@std/assert";
import { PortForError } from "../../lib/error.ts";
import { readManifest } from "../../lib/toml/manifest.ts";
import { filledTemplate } from "../../lib/toml/template.ts";

Deno.test("a manifest says what each name is to get, in its order", () => {
  const { names, variables } = readManifest(
    `[names]
web = { prefer = 3000, range = "3000-3999" }
2 = {} # a number keeps its place
db = {}
jobs.count = 4

[names.dns]
udp = true
ttl = "90s"

[env]
QUEUES = "{jobs.0},{jobs.3}"
DATABASE_URL = "postgres://localhost:{db}/{{shop}}"
`,
    "m.toml",
  );

  assertEquals([...names], [
    ["web", { prefer: 3000, range: { first: 3000, last: 3999 } }],
    ["2", {}],
    ["db", {}],
    ["jobs", { count: 4 }],
    ["dns", { udp: true, ttl: 90 }],
  ]);
  const filled = [...variables].map(([variable, template]) => [
    variable,
    filledTemplate(template, ({ name, index }) => name === "db" ? 5 : index),
  ]);
  assertEquals(filled, [
    ["QUEUES", "0,3"],
    ["DATABASE_URL", "postgres://localhost:5/{shop}"],
  ]);
});

Deno.test("an empty manifest needs nothing", () => {
  for (
    const text of ["", "# soon\n", "[names]\n", "\ufeff[names]\r\n[env]\r\n"]
  ) {
    const { names, variables } = readManifest(text, "m.toml");
    assertEquals([names.size, variables.size], [0, 0]);
  }
});

Deno.test("names that objects have of their own are names like others", () => {
  const words = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const { names, variables } = readManifest(
    `[names]\n${words.map((word) => `${word} = {}\n`).join("")}
[env]\n__proto__ = "{__proto__}{toString}"\n`,
    "m.toml",
  );

  assertEquals([...names], words.map((word) => [word, {}]));
  assertEquals([...variables.keys()], ["__proto__"]);
  assertWrong('[names]\na = {}\n[env]\nU = "{toString}"\n', [4, 1], "toString");
});

/** Asserts that a manifest is refused: where, and with which words. */
function assertWrong(
  text: string,
  [line, column]: readonly [number, number],
  ...parts: string[]
): void {
  const error = assertThrows(() => readManifest(text, "m.toml"), PortForError);
  const place = `manifest m.toml, line ${line}, column ${column}: `;
  for (const part of [place, ...parts]) {
    assert(error.message.includes(part), `${error.message} has no ${part}`);
  }
  // What a stranger wrote cannot speak to a terminal.
  assert(!/\p{Cc}/u.test(error.message), JSON.stringify(error.message));
}

const AT_2: readonly [number, number] = [2, 1];

Deno.test("what is not TOML is refused where it is not", () => {
  assertWrong("[names]\nweb = {\n", [3, 1], "not valid TOML");
  assertWrong("[names]\nweb = {}\n web = {}\n", [3, 2], "not valid TOML");
  const twice = "[names]\nweb = { udp = true, udp = true }\n";
  assertWrong(twice, [2, 21], "not valid TOML");
  assertWrong(`x = ${"[".repeat(60_000)}`, [1, 1005], "nested");
});

Deno.test("a key that there is not says which one was meant", () => {
  assertWrong("[name]\nweb = {}\n", [1, 1], '"name"', 'mean "names"');
  assertWrong("[names]\n[evn]\n", [2, 1], '"evn"', 'mean "env"');
  assertWrong("version = 1\n", [1, 1], '"version"', "names, env");
  const key = "[names]\nweb = { prefre = 3000 }\n";
  assertWrong(key, AT_2, '"prefre"', 'mean "prefer"');
  assertWrong(
    "[names.web]\nudp = true\n port = 1\n",
    [3, 2],
    '"port"',
    "count",
  );
  assertWrong('[names]\nweb = { "\\u001b[2J" = 1 }\n', AT_2, "\\u001b");
});

Deno.test("a value of another kind is refused, and what is wanted is said", () => {
  assertWrong("names = 1\n", [1, 1], "[names]");
  assertWrong("[[names]]\nweb = {}\n", [1, 1], "[names]");
  assertWrong("env = []\n", [1, 1], "[env]");
  for (const value of ["3000", '"3000"', "[]", "true", "2026-01-01"]) {
    assertWrong(`[names]\nweb = ${value}\n`, AT_2, "{ prefer = 3000 }");
  }
  for (
    const [wish, ...parts] of [
      ['prefer = "3000"', '"prefer"', "port"],
      ["prefer = 0", '"prefer"', "65535"],
      ["prefer = 65536", '"prefer"'],
      ["prefer = 65535, count = 2", '"count"', "65535"],
      ["count = 0", '"count"', "whole number"],
      ["count = -1", '"count"'],
      ["count = 1.5", '"count"'],
      ['count = "2"', '"count"'],
      ["udp = 1", '"udp"', "true or false"],
      ['udp = "true"', '"udp"'],
      ['range = "9-1"', '"9-1"'],
      ["range = [1, 9]", "[1,9]"],
      ['ttl = "soon"', '"soon"', "15m"],
      ["ttl = 60", '"60"', "15m"],
    ] as const
  ) {
    assertWrong(`[names]\nweb = { ${wish} }\n`, AT_2, ...parts);
  }
});

Deno.test("a name that is not valid is refused, and why is said", () => {
  for (
    const [name, why] of [
      ["", "empty"],
      ["-x", '"-"'],
      [" x", "white space"],
      ["a\\nb", "control"],
      ["n".repeat(256), "255"],
    ] as const
  ) {
    assertWrong(`[names]\n"${name}" = {}\n`, AT_2, why);
  }
});

Deno.test("an accent as a character of its own makes no other name", () => {
  const text =
    '[names]\n"cafe\u0301" = {}\n[env]\nA = "{cafe\u0301}{caf\u00e9}"';
  const { names, variables } = readManifest(text, "m.toml");
  assertEquals([...names.keys()], ["caf\u00e9"]);
  const place = { name: "caf\u00e9", index: 0 };
  assertEquals(variables.get("A"), [place, place]);

  const twice = '[names]\n"caf\u00e9" = {}\n"cafe\u0301" = {}\n';
  assertWrong(twice, [3, 1], "caf\u00e9", "another spelling");
});

Deno.test("a stranger gets 64 names and 256 ports", () => {
  const names = (count: number) =>
    `[names]\n${
      Array.from({ length: count }, (_, at) => `n${at} = {}\n`).join("")
    }`;
  assertEquals(readManifest(names(64), "m.toml").names.size, 64);
  assertWrong(names(65), [1, 1], "65 names", "64");

  const ports = (count: number) =>
    `\n[names]\na = { count = 200 }\nb = { count = ${count} }\n`;
  assertEquals(readManifest(ports(56), "m.toml").names.size, 2);
  assertWrong(ports(57), [2, 1], "257 ports", "256");
});

/** A manifest with a block of two and a name, and one variable. */
function withVariable(variable: string, value: string): string {
  return "[names]\nweb = {}\njobs = { count = 2 }\n\n[env]\n" +
    `${variable} = ${value}\n`;
}

Deno.test("a template is about ports of the manifest, or is refused", () => {
  for (
    const [value, ...parts] of [
      ["3", "quotes"],
      ['"localhost"', "{name}"],
      ['"{{web}}"', "{name}"],
      ['""', "{name}"],
      ['"{wbe}"', "{wbe}", "mean {web}"],
      ['"{db}"', "{db}", "[names]"],
      ['"{}"', "{}"],
      ['"{web.1}"', "1 port"],
      ['"{jobs.2}"', "2 ports", "{jobs.1}"],
      ['"{jobs.-1}"', "{jobs.-1}"],
      ['"{jobs.0x1}"', "{jobs.0x1}"],
      ['"{jobs.99999999999999999999}"', "[names]"],
      ['"{web"', '"{"', '"{{"'],
      ['"web}"', '"}"', '"}}"'],
      ['"{web}}"', '"}"'],
      ['"{{web}"', '"}"'],
      ['"{{{{web}"', '"}"'],
      ['"{we{web}b}"', '"{"'],
    ] as const
  ) {
    assertWrong(withVariable("URL", value), [6, 1], "URL", ...parts);
  }
  const nested = withVariable("URL", '"{{{web}}}{{{{{web.0}"');
  const [template = []] = readManifest(nested, "m.toml").variables.values();
  assertEquals(filledTemplate(template, () => 7), "{7}{{7");
});

Deno.test("a variable is an identifier, and none that a program acts on", () => {
  for (const name of ['"a-b"', '"1A"', '"A B"', '""', '"Ä"', '"A\\nB"']) {
    assertWrong(withVariable(name, '"{web}"'), [6, 1], "letters, digits");
  }
  for (
    const name of [
      ...["PATH", "path", "HOME", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "PS4"],
      ...["PROMPT_COMMAND", "ZDOTDIR", "CDPATH", "TMPDIR", "LESSOPEN"],
      ...["LD_PRELOAD", "LD_LIBRARY_PATH", "ld_audit", "DYLD_INSERT_LIBRARIES"],
      ...["GLIBC_TUNABLES", "GCONV_PATH", "MALLOC_CONF", "OPENSSL_CONF"],
      ...["GIT_SSH_COMMAND", "GIT_DIR", "GIT_CONFIG_COUNT", "HGRCPATH"],
      ...["SVN_SSH", "CVS_RSH", "SSH_AUTH_SOCK", "SSH_ASKPASS", "RSYNC_RSH"],
      ...["NODE_OPTIONS", "npm_config_registry", "BUN_OPTIONS", "DENO_DIR"],
      ...["PYTHONSTARTUP", "PYTHONPATH", "RUBYOPT", "PERL5OPT", "PHPRC"],
      ...["JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JAVA_OPTS", "CATALINA_OPTS"],
      ...["CLASSPATH", "GOFLAGS", "CFLAGS", "RUSTFLAGS", "ERL_AFLAGS", "CC"],
      ...["MAKEFLAGS", "MAKEFILES", "DOCKER_HOST", "KUBECONFIG", "AWS_PROFILE"],
      ...["HTTP_PROXY", "https_proxy", "ALL_PROXY", "no_proxy"],
      ...["EDITOR", "VISUAL", "PAGER", "MANPAGER", "BROWSER", "VIMINIT"],
      ...["XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS", "PSQLRC", "INPUTRC"],
      ...["PORT_FOR_STORE", "SUDO_ASKPASS", "SSL_CERT_FILE", "CURL_HOME"],
    ]
  ) {
    assertWrong(withVariable(name, '"{web}"'), [6, 1], `"${name}"`, "may not");
  }
  for (
    const name of [
      ...["PORT", "WEB_PORT", "API_URL", "DATABASE_URL", "PGPORT", "REDIS_URL"],
      ...["VITE_API", "NEXT_PUBLIC_API", "SERVER_PORT", "DJANGO_ADDRESS"],
      ...["SPRING_DATASOURCE_URL", "FLASK_RUN_PORT", "PATHS_PORT", "_x1"],
      ...[
        "AWS_ENDPOINT_URL",
        "SSL_PORT",
        "FEATURE_FLAGS",
        "ASPNETCORE_URLS",
        "MYSQL_TCP_PORT",
        "HOST",
        "KAFKA_BROKERS",
      ],
    ]
  ) {
    const { variables } = readManifest(withVariable(name, '"{web}"'), "m.toml");
    assertEquals([...variables.keys()], [name]);
  }
});

Deno.test("a value that some reader would run or cut is refused", () => {
  for (
    const [value, why] of [
      ["'$(id){web}'", '"$"'],
      ["'${HOME}{web}'", '"$"'],
      ["'`id`{web}'", "`"],
      ['"{web}\\nX=1"', "control"],
      ['"""{web}\n"""', "control"],
      ['"{web}\\r"', "control"],
      ['"\\u0000{web}"', "control"],
      ['"\\u009b2J{web}"', "control"],
      ['"\\u2028{web}"', "control"],
      [`"'\\"{web}"`, "quotes"],
    ] as const
  ) {
    assertWrong(withVariable("URL", value), [6, 1], "URL", why);
  }
});
