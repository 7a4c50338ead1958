/**
 * The environment of all that is measured: the same for everything, and nothing
 * in it that would change what a program does, or let it leave something.
 */
export const ENVIRONMENT: Record<string, string> = {
  ...passedOn("PATH", "HOME", "DENO_DIR"),
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
  DENO_NO_UPDATE_CHECK: "1",
  LANG: "C.UTF-8",
  NO_COLOR: "1",
};

function passedOn(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
