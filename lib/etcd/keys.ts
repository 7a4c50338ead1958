/**
 * The keys of a store: `PREFIX/v1/name/NAME`, `PREFIX/v1/port/DDDDD`,
 * `PREFIX/v1/gen/HH` and `PREFIX/v1/policy`.
 *
 * @module
 */
import { hashOf } from "../ports/candidates.ts";
import type { PortRange } from "../ports/port_range.ts";

/** From a key up to, not including, another one; without `end`, one key. */
export interface KeyRange {
  readonly key: string;
  readonly end?: string;
}

/** The keys below a prefix. */
export class Keys {
  readonly #root: string;

  constructor(prefix: string) {
    this.#root = `${prefix}/v1/`;
  }

  /** All of them. */
  get all(): Required<KeyRange> {
    return { key: this.#root, end: this.#root.replace(/\/$/, "0") };
  }

  /** What this site wants of ports that are chosen. */
  get policy(): string {
    return `${this.#root}policy`;
  }

  /** All names. They end where `0`, the character after `/`, begins. */
  get names(): Required<KeyRange> {
    return { key: `${this.#root}name/`, end: `${this.#root}name0` };
  }

  /** All ports. */
  get ports(): Required<KeyRange> {
    return { key: `${this.#root}port/`, end: `${this.#root}port0` };
  }

  /** What a name has. */
  name(name: string): string {
    return this.names.key + name.replaceAll("%", "%25").replaceAll("/", "%2F");
  }

  /** Who has a port. */
  port(port: number): string {
    return this.ports.key + `${port}`.padStart(5, "0");
  }

  /** Who has some ports. */
  portRange({ first, last }: PortRange): Required<KeyRange> {
    return { key: this.port(first), end: this.port(last + 1) };
  }

  /**
   * What changes whenever a name of this kind gets a port: a late copy of
   * a request, made before, is then void.
   */
  gen(name: string): string {
    const kind = hashOf(name) % 256;
    return `${this.#root}gen/${kind.toString(16).padStart(2, "0")}`;
  }

  /** The name that a key is about; `undefined` where that is none of ours. */
  nameIn(key: string): string | undefined {
    const escaped = key.slice(this.names.key.length);
    if (/\/|%(?!25|2F)/.test(escaped)) return undefined;
    return escaped.replaceAll("%2F", "/").replaceAll("%25", "%");
  }

  /** The port that a key is about; `undefined` where that is none of ours. */
  portIn(key: string): number | undefined {
    const digits = key.slice(this.ports.key.length);
    const port = Number(digits);
    return /^\d{5}$/.test(digits) && port >= 1 && port <= 65535
      ? port
      : undefined;
  }
}
