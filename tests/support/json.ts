/**
 * What the program prints with `--json`, checked value by value against the
 * types that the library exports. A key that a type has and no check, or the
 * other way round, does not compile; one that JSON has and the type has not, or
 * the other way round, is refused when the test runs.
 *
 * @module
 */
import type {
  AssociationStatus,
  CheckReport,
  ClaimedPort,
  ExplainedPort,
  Holder,
  NamedPorts,
  PortClaim,
  PortKind,
  PortMap,
  PortRange,
  Service,
} from "../../main.ts";

/** What becomes of a type in JSON: a moment becomes a text. */
type Json<T> = T extends Date ? string
  : T extends readonly (infer Item)[] ? readonly Json<Item>[]
  : T extends object ? { readonly [Key in keyof T]: Json<T[Key]> }
  : T;

/** Returns the value as what it is, or throws. */
type Check<T> = (value: unknown, at: string) => T;

/** A check of a key that may be missing. */
interface Optional<T> {
  readonly optional: Check<T>;
}

/** A check for every key of a type. */
type Checks<T> = {
  readonly [Key in keyof T]-?: Record<never, never> extends Pick<T, Key>
    ? Optional<Exclude<T[Key], undefined>>
    : Check<T[Key]>;
};

function refuse(value: unknown, at: string, wanted: string): never {
  throw new Error(`${at} is ${JSON.stringify(value)}, not ${wanted}`);
}

const text: Check<string> = (value, at) =>
  typeof value === "string" ? value : refuse(value, at, "a text");

const isTrue: Check<true> = (value, at) => {
  if (value !== true) throw new Error(`${at} is not true`);
  return value;
};

const bool: Check<boolean> = (value, at) =>
  typeof value === "boolean" ? value : refuse(value, at, "a boolean");

function whole(lowest: number, highest: number): Check<number> {
  return (value, at) =>
    Number.isInteger(value) && Number(value) >= lowest &&
      Number(value) <= highest
      ? Number(value)
      : refuse(value, at, `a whole number from ${lowest} to ${highest}`);
}

const port = whole(1, 65535);

/** A moment as RFC 3339 writes it. */
const moment: Check<string> = (value, at) =>
  typeof value === "string" && RFC_3339.test(value) &&
    !Number.isNaN(Date.parse(value))
    ? value
    : refuse(value, at, "a moment");

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** One of a few words; each has to be named. */
function oneOf<Word extends string>(words: Record<Word, true>): Check<Word> {
  const known = Object.keys(words) as Word[];
  return (value, at) =>
    known.find((word) => word === value) ??
      refuse(value, at, `one of ${known.join(", ")}`);
}

function exactly<Value extends true>(wanted: Value): Check<Value> {
  return (value, at) =>
    value === wanted ? wanted : refuse(value, at, `${wanted}`);
}

function listOf<T>(item: Check<T>): Check<readonly T[]> {
  return (value, at) =>
    Array.isArray(value)
      ? value.map((one, index) => item(one, `${at}[${index}]`))
      : refuse(value, at, "a list");
}

function optional<T>(check: Check<T>): Optional<T> {
  return { optional: check };
}

function membersOf(value: unknown, at: string): Map<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : refuse(value, at, "an object");
}

function object<T>(checks: Checks<T>): Check<T> {
  const all = new Map<string, Check<unknown> | Optional<unknown>>(
    Object.entries(checks),
  );
  return (value, at) => {
    const members = membersOf(value, at);
    const built: [string, unknown][] = [];
    for (const [key, check] of all) {
      const isOptional = typeof check !== "function";
      if (!members.has(key)) {
        if (isOptional) continue;
        refuse(value, at, `an object with ${key}`);
      }
      const checked = isOptional ? check.optional : check;
      built.push([key, checked(members.get(key), `${at}.${key}`)]);
      members.delete(key);
    }
    for (const key of members.keys()) {
      refuse(value, at, `an object without ${key}`);
    }
    // Each key of T was checked above, and there is no other.
    return Object.fromEntries(built) as T;
  };
}

const range = object<Json<PortRange>>({
  // The map of everything begins with port 0.
  first: whole(0, 65535),
  last: whole(0, 65535),
});

const holder = object<Json<Holder>>({
  port,
  transport: oneOf<Holder["transport"]>({ tcp: true, udp: true }),
  address: text,
  how: oneOf<Holder["how"]>({ listening: true, bound: true, connected: true }),
  pid: optional(whole(1, 2 ** 22)),
  process: optional(text),
  uncertain: optional(exactly(true)),
  user: optional(text),
});

const service = object<Json<Service>>({
  name: text,
  description: text,
  transports: listOf(text),
});

const claim = object<Json<PortClaim>>({
  kind: oneOf<PortClaim["kind"]>({
    "reserved ports": true,
    "services file": true,
    "socket unit": true,
    "store": true,
  }),
  by: text,
  text,
});

const near = object<Json<ClaimedPort>>({
  port: whole(0, 65535),
  by: oneOf<ClaimedPort["by"]>({
    "IANA": true,
    "wide use": true,
    "the system": true,
  }),
  service: optional(service),
});

const association = object<
  Json<NonNullable<ExplainedPort["association"]>>
>({
  name: text,
  port,
  count: whole(1, 65535),
  expires: optional(moment),
  directory: optional(text),
  reserved: optional(
    oneOf<"kernel" | "file">({ kernel: true, file: true }),
  ),
});

/** `--explain PORT --json` */
export const explainedPorts: Check<readonly Json<ExplainedPort>[]> = listOf(
  object<Json<ExplainedPort>>({
    port,
    good: bool,
    free: bool,
    space: oneOf<ExplainedPort["space"]>({
      system: true,
      registered: true,
      dynamic: true,
    }),
    assigned: listOf(service),
    wellKnown: listOf(service),
    ephemeral: optional(
      object<Json<NonNullable<ExplainedPort["ephemeral"]>>>({
        range,
        source: text,
      }),
    ),
    kernelReserved: bool,
    forbidden: optional(isTrue),
    claims: optional(listOf(claim)),
    unprivilegedFrom: optional(port),
    near: optional(near),
    shortRange: optional(range),
    holders: listOf(holder),
    association: optional(association),
    allowedByPolicy: bool,
  }),
);

/** `--status --json` */
export const statuses: Check<readonly Json<AssociationStatus>[]> = listOf(
  object<Json<AssociationStatus>>({
    name: text,
    port,
    count: whole(1, 65535),
    state: oneOf<AssociationStatus["state"]>({
      "free": true,
      "in use": true,
      "forbidden": true,
      "expired": true,
    }),
    expires: optional(moment),
    holders: listOf(holder),
  }),
);

/** `--check --json` */
export const checkReport: Check<Json<CheckReport>> = object<Json<CheckReport>>({
  problems: listOf(text),
  notes: listOf(text),
});

const kind = object<Json<PortMap["kinds"][PortKind]>>({
  count: whole(0, 65536),
  ranges: listOf(range),
});

/** `--map --json` */
export const portMap: Check<Json<PortMap>> = object<Json<PortMap>>({
  range,
  kinds: object<Json<PortMap["kinds"]>>({
    "in use": kind,
    "associated": kind,
    "good": kind,
    "ephemeral": kind,
    "system": kind,
    "assigned": kind,
    "well known": kind,
    "claimed": kind,
    "left over": kind,
  }),
});

/** `--json` with names, with `--list` and with `--get` */
export const namedPorts: Check<NamedPorts> = (value, at) =>
  Object.fromEntries(
    [...membersOf(value, at)].map(([name, ports]) => [
      name,
      Array.isArray(ports)
        ? listOf(port)(ports, `${at}.${name}`)
        : port(ports, `${at}.${name}`),
    ]),
  );

/** What a line of JSON says, checked. */
export function read<T>(check: Check<T>, json: string): T {
  return check(JSON.parse(json), "the answer");
}
