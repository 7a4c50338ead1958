import {
  explain as explainPort,
  type PortExplanation,
} from "../../machine/explain.ts";
import type { Holder } from "../../machine/holder.ts";
import { readHolders } from "../../machine/listeners.ts";
import { SHORTEST_RANGE } from "../../ports/range_shape.ts";
import {
  DYNAMIC_RANGE,
  formatPortRange,
  inRanges,
  MAX_PORT,
  overlap,
  parsePort,
  portsIn,
  SYSTEM_PORTS,
} from "../../ports/port_range.ts";
import { UNPRIVILEGED_FILE } from "../../machine/unprivileged.ts";
import { MachineClaims } from "../../store/claims.ts";
import { WHAT_FORBIDS } from "../../machine/probe.ts";
import type { Service } from "../../ports/services.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { type Association, portsOf } from "../../association.ts";
import type { Policy } from "../../place.ts";
import { onOneLine, PortForError, quoted } from "../../error.ts";
import { type Call, readStore } from "../call.ts";
import { associationsHere } from "../here.ts";
import { fail } from "../messages.ts";
import {
  holderText,
  inUseText,
  json,
  type Painter,
  painterFor,
} from "../text.ts";

/** A port and the name that holds it: an item of `--explain --json`. */
export interface ExplainedPort extends PortExplanation {
  /** The association that it belongs to, if any. */
  readonly association?: Omit<Association, "expires"> & {
    /** When its lease ends, in RFC 3339 format. */
    readonly expires?: string;
  };
  /** Whether the store's `[policy]` allows choosing it. */
  readonly allowedByPolicy: boolean;
}

/**
 * `--explain PORT`: prints all that is known about ports.
 *
 * @returns 0 if all of them are good and free, else 1; also 1 if the store,
 * with its names and policy, cannot be read.
 */
export async function explain(call: Call): Promise<number> {
  const { line, runtime } = call;
  const { associations, policy, isReadable } = await storeIfReadable(call);
  const ports = line.values("explain").flatMap((text) =>
    portsMeant(text, associationsHere(call, associations))
  );
  const holders = readHolders(runtime, new Set(ports));
  const claims = new MachineClaims(runtime, call.store.place.source());
  const reachesDynamic = policy.range && overlap(policy.range, DYNAMIC_RANGE);
  const explanations: ExplainedPort[] = [];
  for (const port of ports) {
    const association = associations.find((association) =>
      inRanges(port, [portsOf(association)])
    );
    const explanation = await explainPort(port, runtime, {
      holders,
      claims,
      ...(reachesDynamic ? { high: MAX_PORT } : {}),
    });
    const allowed = !policy.exclude?.has(port) &&
      (policy.range === undefined || inRanges(port, [policy.range]));
    explanations.push({
      ...explanation,
      good: explanation.good && allowed,
      allowedByPolicy: allowed,
      ...(association ? { association: inJson(association) } : {}),
    });
  }
  runtime.writeOut(
    line.has("json")
      ? json(explanations)
      : explanations.map((explanation) => text(explanation, runtime)).join(
        "\n",
      ),
  );
  const areGood = explanations.every(({ good, free }) => good && free);
  return areGood && isReadable ? 0 : 1;
}

/** The port that a text gives, or the ports of the name that it gives. */
function portsMeant(
  text: string,
  known: ReturnType<typeof associationsHere>,
): number[] {
  if (/^\d+$/.test(text)) return [parsePort(text, "--explain")];
  const name = text.normalize();
  const found = known.find(({ short }) => short === name);
  if (found) return portsIn(portsOf(found.association));
  throw new PortForError(
    "BAD_INPUT",
    `cannot explain ${quoted(text)}: it is neither a port nor a name in ` +
      `the store (give a port from 1 to ${MAX_PORT}, or a name that --list ` +
      `prints)`,
  );
}

function inJson(
  { expires, ...rest }: Association,
): NonNullable<ExplainedPort["association"]> {
  return { ...rest, ...(expires ? { expires: expires.toISOString() } : {}) };
}

/** Reads the store, if possible: most facts about a port do not need it. */
async function storeIfReadable(
  call: Call,
): Promise<
  { associations: Association[]; policy: Policy; isReadable: boolean }
> {
  try {
    const { associations, policy } = await readStore(call);
    return { associations, policy, isReadable: true };
  } catch (error) {
    fail(call.runtime, error);
    return { associations: [], policy: {}, isReadable: false };
  }
}

function text(explanation: ExplainedPort, runtime: Runtime): string {
  const paint = painterFor(runtime);
  const isRoot = runtime.userId() === 0;
  const lines = [...facts(explanation, isRoot)].map((fact) =>
    `  ${onOneLine(fact)}\n`
  );
  return `${verdict(explanation, paint)}\n${lines.join("")}`;
}

function verdict(
  { port, good, free, forbidden, holders, association }: ExplainedPort,
  paint: Painter,
): string {
  const head = paint.bold(`${port}`);
  const whose = association
    ? `, and belongs to ${quoted(association.name)}`
    : "";
  if (good && free) return `${head}: ${paint.good("good and free")}${whose}`;
  const use = free
    ? ""
    : forbidden
    ? " not for this process to bind"
    : ` ${inUseText(holders)}`;
  if (good) return `${head}: ${paint.warn("good, but")}${use}`;
  return `${head}: ${paint.bad("not good")}${free ? "" : `, and${use}`}`;
}

function* facts(
  explanation: ExplainedPort,
  isRoot: boolean,
): Generator<string> {
  const { association, claims = [], ephemeral, near, shortRange, holders } =
    explanation;
  for (const service of explanation.assigned) {
    yield service.name === "" && service.description === "Reserved"
      ? `reserved by IANA${transportText(service)}`
      : `assigned by IANA: ${serviceText(service)}`;
  }
  for (const service of explanation.wellKnown) {
    yield `well known: ${serviceText(service)}`;
  }
  if (explanation.space === "system") {
    yield `a system port (${formatPortRange(SYSTEM_PORTS)}): only privileged ` +
      `programs may bind it`;
  }
  if (explanation.space === "dynamic") {
    yield `in the dynamic range ${formatPortRange(DYNAMIC_RANGE)}: ` +
      `never a place for a service`;
  }
  for (const { text } of claims) yield text;
  if (explanation.unprivilegedFrom) {
    yield `below ${explanation.unprivilegedFrom}: only privileged programs ` +
      `may bind it (${UNPRIVILEGED_FILE})`;
  }
  const isKept = claims.some(({ kind }) => kind === "reserved ports");
  if (explanation.kernelReserved && !isKept) {
    yield "reserved in the kernel, which never hands it out";
  } else if (ephemeral && !explanation.kernelReserved) {
    yield `in the ephemeral range ${formatPortRange(ephemeral.range)} ` +
      `(${ephemeral.source}): the system may hand it out at any time`;
  }
  if (near) {
    const service = near.service ? `: ${serviceText(near.service)}` : "";
    const claim = near.by === "IANA"
      ? "assigned by IANA"
      : near.by === "wide use"
      ? "well known"
      : "not available here";
    yield `too near to ${near.port}, which is ${claim}${service}`;
  }
  if (shortRange) {
    yield `in a range too short: only ${formatPortRange(shortRange)} ` +
      `is available here (${SHORTEST_RANGE} ports are needed)`;
  }
  if (!explanation.allowedByPolicy) {
    yield "excluded by the [policy] of the store";
  }
  if (association) {
    const { name, expires, layer } = association;
    yield `the port of ${quoted(name)}` +
      (expires ? ` until ${expires}` : "") +
      (layer ? `, from ${layer}` : "");
  }
  for (const holder of holders) yield holderFact(holder);
  if (explanation.free) {
    yield holders.length > 0
      ? "free for TCP: it can be bound on every local address"
      : explanation.space === "system"
      ? "free: nobody holds it"
      : "free: it can be bound on every local address";
  } else if (explanation.forbidden) {
    yield `forbidden: this process may not bind it; ${WHAT_FORBIDS}`;
  } else if (holders.length === 0) {
    yield isRoot
      ? "in use by the kernel, a process in another container, or a " +
        "firewall's rule that redirects it"
      : "in use by what cannot be seen (try as root)";
  }
}

function serviceText({ name, description, transports }: Service): string {
  const parts = [...new Set([name, description])];
  return parts.filter((part) => part !== "").join(", ") +
    transportText({ transports });
}

function transportText({ transports }: Pick<Service, "transports">): string {
  return transports.length > 0 ? ` (${transports.join(", ")})` : "";
}

function holderFact(holder: Holder): string {
  const { transport, address, how, pid, user, uncertain } = holder;
  const who = `${uncertain ? "perhaps " : ""}${holderText(holder)}`;
  const owner = pid !== undefined && user !== undefined ? ` of ${user}` : "";
  const where = address === "" ? "" : ` ${address}`;
  if (how === "connected" && pid === undefined && user === undefined) {
    return `a connection from ${transport}${where} is closing`;
  }
  switch (how) {
    case "listening":
      return `in use: ${who}${owner} listens on ${transport}${where}`;
    case "bound":
      return `in use: ${who}${owner} has bound ${transport}${where}` +
        (transport === "tcp" ? " and does not listen" : "");
    case "connected":
      return `in use: ${who}${owner} has connections from ${transport}${where}`;
  }
}
