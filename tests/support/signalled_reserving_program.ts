import { PROJECT } from "./program.ts";

/** The words that run `signalled_reserving.ts`, to which its arguments are added. */
export const CHILD: readonly string[] = [
  ...[Deno.execPath(), "run", "--quiet", "--allow-all", "--no-check"],
  `${PROJECT}/tests/support/signalled_reserving.ts`,
];
