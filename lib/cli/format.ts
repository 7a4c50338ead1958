import { onOneLine } from "../error.ts";

/**
 * Fills `{NAME}` and `{port}` (the first name's) into a text; other braces
 * stay.
 */
export function filledFormat(
  text: string,
  ports: readonly (readonly [name: string, port: number])[],
): string {
  const places = new Map([
    ...ports,
    ...ports.slice(0, 1).map(([, port]) => ["port", port] as const),
  ]);
  return text.replace(
    /\{([^{}]*)\}/g,
    (whole, name: string) => `${places.get(name.normalize()) ?? whole}`,
  );
}

/** Fills one association's `{name}` and `{port}` into a text. */
export function filledFor(text: string, name: string, port: number): string {
  const places = new Map([["name", onOneLine(name)], ["port", `${port}`]]);
  return text.replace(
    /\{([^{}]*)\}/g,
    (whole, place: string) => places.get(place) ?? whole,
  );
}
