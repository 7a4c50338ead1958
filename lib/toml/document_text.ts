import type { Association } from "../association.ts";
import type { Policy } from "../place.ts";
import { formatPortRange } from "../ports/port_range.ts";
import { entryLine } from "./entry.ts";

/** The text of a store with these associations and this policy. */
export function documentText(
  associations: readonly Association[],
  { range, exclude }: Policy,
): string {
  const excluded = [...exclude?.ranges() ?? []]
    .map((range) => `"${formatPortRange(range)}"`);
  const policy = [
    ...(range ? [`range = "${formatPortRange(range)}"\n`] : []),
    ...(excluded.length > 0 ? [`exclude = [${excluded.join(", ")}]\n`] : []),
  ];
  return [
    "version = 1\n\n",
    ...(policy.length > 0 ? ["[policy]\n", ...policy, "\n"] : []),
    "[ports]\n",
    ...associations.map((one) => `${entryLine(one)}\n`),
  ].join("");
}
