import fs from "node:fs";
import { tmpdir } from "node:os";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import type { RuntimeCase, Setting } from "./case.ts";
import { FILE_CASES } from "./file_cases.ts";
import { POST_CASES } from "./post_cases.ts";
import { PROCESS_CASES } from "./process_cases.ts";
import { SOCKET_CASES } from "./socket_cases.ts";

/**
 * What the runtime interface promises, as functions of a runtime. They run on
 * every engine, so they use nothing but that runtime and Node's modules.
 */
const CASES: readonly RuntimeCase[] = [
  ...FILE_CASES,
  ...SOCKET_CASES,
  ...POST_CASES,
  ...PROCESS_CASES,
];

/** The cases that show in a setting. */
export function casesIn(setting: Setting): RuntimeCase[] {
  return CASES.filter(({ only }) =>
    only ? only === setting : setting === "root" || setting === "user"
  );
}

/** Runs a case in a folder that is removed afterwards. */
export async function runCase(
  { run }: RuntimeCase,
  runtime: Runtime,
): Promise<void> {
  const folder = fs.realpathSync(fs.mkdtempSync(`${tmpdir()}/port-for-test-`));
  try {
    await run(runtime, folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
