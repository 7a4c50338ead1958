import { assert, assertEquals, assertMatch } from "@std/assert";
import { Failures, inForm, SEED, survived } from "../support/fault_form.ts";
import { hastyMachine } from "../support/interposed.ts";
import { checkText, type Kind, mutation, VALID } from "../support/mutations.ts";
import { callOn } from "../support/scenarios.ts";
import { TempFolder } from "../support/temp.ts";

const MUTATIONS = Number(
  Deno.env.get("PORT_FOR_FAULTS_MUTATIONS") || inForm(4000, 1_000_000),
);

/** How many mutations meet the whole program once. */
const WHOLE = inForm(40, 100);

/** The calls that a mutated store has to stand. */
const CALLS = [["--list"], ["--get=web"], ["a"], ["fresh"], ["-ua"]];

async function checkProgram(
  temp: TempFolder,
  bytes: Uint8Array,
  text: string,
  kind: Kind,
): Promise<void> {
  const path = temp.write("ports.toml", bytes);
  const isText = same(new TextEncoder().encode(text), bytes);
  for (const args of CALLS) {
    const before = Deno.readFileSync(path);
    const call = [`--store=${path}`, "--wait=0", ...args];
    const { status, stdout, stderr } = await callOn(hastyMachine, call);
    const said = `${args}: ${status} ${stderr} ${stdout}`;
    assert(status === 0 && isText || status === 1, said);
    // People are told what is wrong, in lines of ours: no stack of a crash.
    assertMatch(stderr, /^(?:port-for: (?!cannot go on).+\n)*$/, said);
    // What is sound may be listed, though something else is not.
    const isListed = args[0] === "--list" && isText;
    if (status === 1 && !isListed) assertEquals(stdout, "", said);
    if (status === 1 || kind !== "sound" || !isText) {
      assert(same(before, Deno.readFileSync(path)), `${said}: it was changed`);
    }
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

Deno.test("a mutation is the same for the same seed and number", () => {
  assertEquals(mutation(SEED, 7), mutation(SEED, 7));
  assert(!same(mutation(SEED, 7), mutation(SEED, 8)));
});

Deno.test(`${MUTATIONS.toLocaleString("en")} mutated stores crash nothing, and are changed only where they are sound`, async () => {
  for (const text of VALID) assertEquals(checkText(text), "sound");
  using temp = new TempFolder();
  const failures = new Failures();
  const kinds = { "no TOML": 0, unsound: 0, sound: 0 };
  for (let at = 1; at <= MUTATIONS; at++) {
    const bytes = mutation(SEED, at);
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    await failures.try(`seed ${SEED}`, async () => {
      try {
        const kind = checkText(text);
        kinds[kind]++;
        if (at % WHOLE === 0) await checkProgram(temp, bytes, text, kind);
      } catch (error) {
        const { stack } = error as Error;
        throw new Error(`mutation ${at}, ${JSON.stringify(text)}: ${stack}`);
      }
    });
  }
  // Neither so many changes that nothing is left, nor so few that all is.
  for (const [kind, count] of Object.entries(kinds)) {
    assert(count > MUTATIONS / 200, `${count} are ${kind}`);
  }
  survived({ mutations: failures.end() });
});
