import { type Call, jsonObject } from "./call.ts";

/** `--list`: prints every association, in the store's order. */
export function list({ line, store, runtime }: Call): void {
  const associations = store.list();
  runtime.writeOut(
    line.has("json")
      ? jsonObject(associations.map(({ name, port }) => [name, port]))
      : associations.map(({ name, port }) => `${name}: ${port}\n`).join(""),
  );
}
