import { assertEquals } from "@std/assert";
import { bunProgram, denoProgram } from "../support/bun_program.ts";
import { hasNamespaces } from "../support/namespace.ts";
import { PROJECT, runTool, works } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";
import {
  LONE_PORT,
  LOST_ADDRESS,
  PROXIED_PORT,
  PROXY_PORT,
  type Setting,
} from "./case.ts";
import { casesIn } from "./cases.ts";
import type { CaseResult } from "./runner.ts";

/** The engines that port-for runs on. */
export type Engine = "Deno" | "Bun";

/** The words that run `runner.ts` on an engine. `temp` holds what that needs. */
export async function runner(
  engine: Engine,
  temp: TempFolder,
): Promise<string[]> {
  const module = `${PROJECT}/tests/runtime/runner.ts`;
  return engine === "Bun"
    ? await bunProgram(module, temp)
    : denoProgram(module);
}

/** Runs the cases of a setting in a process of their own, a step each. */
export async function stepCases(
  t: Deno.TestContext,
  engine: Engine,
  setting: Setting,
): Promise<void> {
  using temp = new TempFolder();
  const program = [...await runner(engine, temp), "cases", setting];
  const { stdout, stderr } = await runTool(
    [...networkOf(setting), ...program],
    // A folder that every user may enter.
    { cwd: "/", env: { TMPDIR: "/tmp" } },
  );
  const results = stdout.split("\n").filter(Boolean)
    .map((line): CaseResult => JSON.parse(line));
  for (const { name, failure } of results) {
    await t.step(name, () => {
      if (failure !== undefined) throw new Error(failure);
    });
  }
  assertEquals(
    results.map(({ name }) => name),
    casesIn(setting).map(({ name }) => name),
    stderr,
  );
}

/** What sets a network up, where a setting has one of its own. */
const NETWORKS: Partial<Record<Setting, string>> = {
  network: `ip route add ${LOST_ADDRESS}/32 dev lo &&
    echo "${LONE_PORT} ${LONE_PORT}" >/proc/sys/net/ipv4/ip_local_port_range`,
  proxied: `nft "add table ip nat
    add chain ip nat output { type nat hook output priority -100; }
    add rule ip nat output tcp dport ${PROXIED_PORT} redirect to :${PROXY_PORT}"`,
};

function networkOf(setting: Setting): string[] {
  const setUp = NETWORKS[setting];
  return setUp === undefined ? [] : [
    "unshare",
    "--net",
    ...(Deno.uid() === 0 ? [] : ["--map-root-user"]),
    ...["sh", "-c", `ip link set lo up && ${setUp} && exec "$@"`, "sh"],
  ];
}

/** Whether this machine has what makes the rule. */
const hasRules = Deno.env.has("CI") ||
  works(...networkOf("proxied"), "true");

/** The settings that this process can bring about. */
export const SETTINGS: readonly Setting[] = [
  ...(Deno.uid() === 0 ? ["root" as const] : []),
  "user",
  ...(hasNamespaces ? ["network" as const] : []),
  ...(hasNamespaces && hasRules ? ["proxied" as const] : []),
];
