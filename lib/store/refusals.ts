import { type Association, holdsPorts, portsOf } from "../association.ts";
import { PortForError, quoted } from "../error.ts";
import type { View } from "../place.ts";
import { formatPortRange, overlap } from "../ports/port_range.ts";
import { setOf } from "../ports/port_set.ts";

/** What a caller wants an association to be. */
export interface Wanted {
  /** Its port, 1-65535; the first of a block. */
  readonly port?: number;
  /** How many ports it has, 1-65535. */
  readonly count?: number;
  /** The path of the checkout that it belongs to. */
  readonly directory?: string;
}

/**
 * Refuses an association with another port or count than the caller wants, or
 * one of another checkout: `lib/web` of a checkout has the same full name as
 * `web` of a checkout in its folder `lib`.
 *
 * @throws {PortForError} `PORT_TAKEN`.
 */
export function refuseOther(
  association: Association,
  { port, count, directory }: Wanted,
): void {
  const { name, directory: owner = directory } = association;
  if (directory !== undefined && owner !== directory) {
    throw new PortForError(
      "PORT_TAKEN",
      `cannot give ${quoted(name)} to ${quoted(directory)}: it belongs to ` +
        `another checkout, ${quoted(owner!)} (choose another name)`,
    );
  }
  const has = association.count === 1
    ? `port ${association.port}`
    : `the ports ${formatPortRange(portsOf(association))}`;
  const wayOut = association.layer === undefined
    ? "take that away first with --unbind"
    : `change it in ${association.layer}`;
  const refusal = (wanted: string) =>
    new PortForError(
      "PORT_TAKEN",
      `cannot give ${wanted} to ${quoted(association.name)}: it has ${has} ` +
        `(${wayOut})`,
    );
  if (port !== undefined && association.port !== port) {
    throw refusal(`port ${port}`);
  }
  if (count !== undefined && association.count !== count) {
    throw refusal(`${count} port${count === 1 ? "" : "s"}`);
  }
}

/**
 * Refuses ports that another name has.
 *
 * @throws {PortForError} `PORT_TAKEN`.
 */
export async function refuseHeld(
  view: View,
  name: string,
  port: number,
  count: number,
): Promise<void> {
  const wanted = { first: port, last: port + count - 1 };
  for (const association of await view.holders(setOf([wanted]))) {
    const held = portsOf(association);
    if (association.name === name || !holdsPorts(association)) continue;
    if (!overlap(wanted, held)) continue;
    const taken = Math.max(wanted.first, held.first);
    const wayOut = association.layer === undefined
      ? "take it away from there with --unbind"
      : `change it in ${association.layer}`;
    throw new PortForError(
      "PORT_TAKEN",
      `cannot give port ${taken} to ${quoted(name)}: it belongs to ` +
        `${quoted(association.name)} (choose another port, or ${wayOut})`,
    );
  }
}
