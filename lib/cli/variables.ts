import { type Association, portsOf } from "../association.ts";
import { portsIn } from "../ports/port_range.ts";
import type { Manifest } from "../toml/manifest.ts";
import { filledTemplate, type PlaceForPort } from "../toml/template.ts";
import { lineValue } from "../toml/variables.ts";
import type { Named } from "./call.ts";
import { variablesOf } from "./env.ts";

/**
 * The variables of names: `NAME_PORT` for each, and those of the manifest that
 * use only these names.
 *
 * @throws {PortForError} `FAILED` if two names have the same variable.
 */
export function variablesFor(
  named: readonly Named[],
  manifest: Manifest | undefined,
): Map<string, string> {
  const variables = variablesOf(
    named.map(([name, { port }]) => [name, port] as const),
  );
  const associations = new Map(named);
  for (const [variable, template] of manifest?.variables ?? []) {
    const places = template.filter((part) => typeof part !== "string");
    if (!places.every(({ name }) => associations.has(name))) continue;
    const value = filledTemplate(
      template,
      (place) => portAt(place, associations),
    );
    variables.set(variable, value);
  }
  return variables;
}

function portAt(
  { name, index }: PlaceForPort,
  associations: ReadonlyMap<string, Association>,
): number {
  return portsIn(portsOf(associations.get(name)!))[index] ?? 0;
}

/** Variables as lines that all readers of `.env` files read the same way. */
export function linesOf(variables: ReadonlyMap<string, string>): string {
  return [...variables].map(([variable, value]) =>
    `${variable}=${lineValue(value) ?? value}\n`
  ).join("");
}

/** The variables whose values need quotes, which some readers keep. */
export function quotedIn(variables: ReadonlyMap<string, string>): string[] {
  return [...variables].filter(([, value]) => lineValue(value) !== value)
    .map(([variable]) => variable);
}
