import { nearest, quoted } from "../error.ts";

/** A text with places for ports. */
export type Template = readonly (string | PlaceForPort)[];

/** A place where a port goes. */
export interface PlaceForPort {
  /** The name whose port goes there. */
  readonly name: string;
  /** Which port of its block, from 0. */
  readonly index: number;
}

/** A text that is not a valid template; the message says why. */
export class TemplateError extends Error {}

/** `{{`, `}}`, `{anything}`, or a brace that is none of these. */
const PARTS = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/**
 * Reads a template: `{name}` is a port, the first of a block, `{name.N}` one of
 * a block, from 0; `{{` and `}}` are braces.
 *
 * @param names The names of the manifest, and how many ports each has.
 * @throws {TemplateError}
 */
export function readTemplate(
  text: string,
  names: ReadonlyMap<string, { readonly count?: number }>,
): Template {
  const parts: (string | PlaceForPort)[] = [];
  let at = 0;
  for (const match of text.matchAll(PARTS)) {
    const [whole, inner] = match;
    parts.push(text.slice(at, match.index));
    at = match.index + whole.length;
    if (whole === "{{" || whole === "}}") parts.push(whole[0]!);
    else if (inner === undefined) {
      throw new TemplateError(
        `the "${whole}" has no partner (write "${whole}${whole}" for a brace)`,
      );
    } else parts.push(placeFor(inner.normalize(), names));
  }
  parts.push(text.slice(at));
  if (parts.every((part) => typeof part === "string")) {
    throw new TemplateError(
      "it has no {name} in it, so it is not about a port",
    );
  }
  return parts.filter((part) => part !== "");
}

function placeFor(
  inner: string,
  names: ReadonlyMap<string, { readonly count?: number }>,
): PlaceForPort {
  if (names.has(inner)) return { name: inner, index: 0 };
  const [, name = "", digits] = /^(.*)\.(\d{1,5})$/s.exec(inner) ?? [];
  const wanted = names.get(name);
  if (!wanted) {
    const meant = nearest(inner, [...names.keys()]);
    throw new TemplateError(
      `{${quoted(inner).slice(1, -1)}} is not in [names]` +
        (meant ? ` (did you mean {${meant}}?)` : " (add it there)"),
    );
  }
  const { count = 1 } = wanted;
  const index = Number(digits);
  if (index < count) return { name, index };
  throw new TemplateError(
    `{${inner}}: ${quoted(name)} has ` +
      (count === 1
        ? `1 port (write {${name}})`
        : `${count} ports, {${name}.0} to {${name}.${count - 1}}`),
  );
}

/** Fills ports into a template. */
export function filledTemplate(
  template: Template,
  portOf: (place: PlaceForPort) => number,
): string {
  return template
    .map((part) => typeof part === "string" ? part : `${portOf(part)}`)
    .join("");
}
