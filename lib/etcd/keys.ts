/**
 * The keys of a store: `PREFIX/v1/name/NAME`, `PREFIX/v1/port/DDDDD`,
 * `PREFIX/v1/gen/HH` and `PREFIX/v1/policy`.
 *
 * @module
 */
import { hashOf } from "../ports/candidates.ts";
import type { PortRange } from "../ports/port_range.ts";

/**
 * The keys from `key` up to but not including `end`; without `end`, one key.
 */
export interface KeyRange {
  readonly key: string;
  readonly end?: string;
}

/** The keys under a prefix. */
export class Keys {
  readonly #root: string;

  constructor(prefix: string) {
    this.#root = `${prefix}/v1/`;
  }

  /** All keys. */
  get all(): Required<KeyRange> {
    return { key: this.#root, end: this.#root.replace(/\/$/, "0") };
  }

  /** The key of the policy. */
  get policy(): string {
    return `${this.#root}policy`;
  }

  /** The keys of all names. The end is `0`, the character after `/`. */
  get names(): Required<KeyRange> {
    return { key: `${this.#root}name/`, end: `${this.#root}name0` };
  }

  /** The keys of all ports. */
  get ports(): Required<KeyRange> {
    return { key: `${this.#root}port/`, end: `${this.#root}port0` };
  }

  /** The key of a name. */
  name(name: string): string {
    return this.names.key + name.replaceAll("%", "%25").replaceAll("/", "%2F");
  }

  /** The key of a port. */
  port(port: number): string {
    return this.ports.key + `${port}`.padStart(5, "0");
  }

  /** The keys of a range of ports. */
  portRange({ first, last }: PortRange): Required<KeyRange> {
    return { key: this.port(first), end: this.port(last + 1) };
  }

  /**
   * The key that changes whenever a name with the same hash gets a port. It
   * makes a delayed copy of an older request fail.
   */
  gen(name: string): string {
    const kind = hashOf(name) % 256;
    return `${this.#root}gen/${kind.toString(16).padStart(2, "0")}`;
  }

  /** The name in a key; `undefined` if it is not a key of port-for's. */
  nameIn(key: string): string | undefined {
    const escaped = key.slice(this.names.key.length);
    if (/\/|%(?!25|2F)/.test(escaped)) return undefined;
    return escaped.replaceAll("%2F", "/").replaceAll("%25", "%");
  }

  /** The port in a key; `undefined` if it is not a key of port-for's. */
  portIn(key: string): number | undefined {
    const digits = key.slice(this.ports.key.length);
    const port = Number(digits);
    return /^\d{5}$/.test(digits) && port >= 1 && port <= 65535
      ? port
      : undefined;
  }
}
