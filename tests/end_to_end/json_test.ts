import { assertEquals } from "@std/assert";
import { PROJECT, runTool } from "../support/program.ts";
import { LONG_AGO, networkTest as test, Store } from "../support/store.ts";
import { TempFolder } from "../support/temp.ts";

/** Something of everything that an answer can have in it. */
const STORE = `[policy]
exclude = ["29700-29799"]

[ports]
web = 29500
"10" = 29501
block = { port = 29510, count = 4, expires = 2999-12-31T23:59:59.5Z }
over = { port = 29520, expires = ${LONG_AGO} }
worktree = { port = 29530, directory = "/nonexistent" }
pinned = { port = 40002, reserved = "kernel" }
postgres = 5432
`;

const PORTS = [29500, 29501, 29511, 29520, 29530, 40002, 5432, 80, 61005]
  .concat([29172, 29750, 25565]);

/** The type that the library exports for what each call prints. */
const CALLS: readonly (readonly [type: string, ...args: string[]])[] = [
  ["readonly lib.ExplainedPort[]", ...PORTS.map((port) => `--explain=${port}`)],
  ["readonly lib.AssociationStatus[]", "--status"],
  ["lib.CheckReport", "--check"],
  ["lib.PortMap", "--map"],
  ["lib.PortMap", "--map", "--range=29500"],
  ["lib.NamedPorts", "--list"],
  ["lib.NamedPorts", "--get=web", "--get=block"],
  ["lib.NamedPorts", "web", "10", "new"],
];

/** Answers that are of no such type: too much in them, or too little. */
const GOOD = { name: "web", port: 1, count: 1, state: "free", holders: [] };
const WRONG = [
  { ...GOOD, more: 1 },
  { ...GOOD, name: undefined },
  { ...GOOD, port: "1" },
  { ...GOOD, state: "lost" },
  { ...GOOD, holders: [{ port: 1 }] },
].map((one): Answer => ["lib.AssociationStatus", JSON.stringify(one)]);

type Answer = readonly [type: string, json: string];

/** Which answers are not of their type, as the compiler says. */
async function mistyped(answers: readonly Answer[]): Promise<number[]> {
  using temp = new TempFolder();
  const head = [
    `import type * as lib from ${JSON.stringify(`file://${PROJECT}/main.ts`)};`,
    // A moment becomes a text in JSON.
    "type Json<T> = T extends Date ? string : T extends object",
    "  ? { readonly [Key in keyof T]: Json<T[Key]> } : T;",
  ];
  const lines = answers.map(([type, json], at) =>
    `export const answer${at}: Json<${type}> = ${json.trim()};`
  );
  const module = temp.write("answers.ts", [...head, ...lines].join("\n"));
  const check = ["check", "--quiet", "--config", `${PROJECT}/deno.json`];
  const { stderr } = await runTool(
    [Deno.execPath(), ...check, "--frozen", module],
    { env: { NO_COLOR: "1" } },
  );
  const found = [...stderr.matchAll(/answers\.ts:(\d+)/g)]
    .map(([, line]) => Number(line) - head.length - 1);
  return [...new Set(found)].toSorted((a, b) => a - b);
}

test("every answer in JSON is one line of the type that the library exports", async (network) => {
  using store = new Store(STORE);
  await network.hold({ port: 29500, how: "listening" });
  await network.hold({ port: 29501, how: "bound" });
  await network.hold({ port: 29511, how: "udp" });
  await network.hold({ port: 29520, how: "connected" });
  const answers: Answer[] = [];
  for (const [type, ...args] of CALLS) {
    const { status, stdout } = await store.call("--json", ...args);
    assertEquals(stdout.indexOf("\n"), stdout.length - 1);
    assertEquals(status, /explain|check/.test(args[0]!) ? 1 : 0);
    answers.push([type, stdout]);
  }

  assertEquals(
    await mistyped([...answers, ...WRONG]),
    WRONG.map((_, at) => answers.length + at),
  );
});
