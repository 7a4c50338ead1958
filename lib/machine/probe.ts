import { checkIsObject, PortForError } from "../error.ts";
import { checkPort, isPort, SYSTEM_PORTS } from "../ports/port_range.ts";
import type { BindResult, Runtime } from "../runtime/runtime.ts";

/** How to probe a port. */
export interface ProbeOptions {
  /** Require the UDP port to be free too. By default only TCP is probed. */
  readonly udp?: boolean;
}

/**
 * The result of probing a port:
 *
 * - `free`: it can be bound on every local address, and nothing answers on it
 * - `held`: something uses it
 * - `forbidden`: this process may not bind it, so it cannot tell
 */
export type Verdict = "free" | "held" | "forbidden";

const WILDCARDS = ["0.0.0.0", "::"];
const LOOPBACKS = ["127.0.0.1", "::1"];

/** What may forbid binding a port, for messages. */
export const WHAT_FORBIDS =
  "a sandbox, SocketBindDeny= of a systemd unit, or " +
  "net.ipv4.ip_unprivileged_port_start may forbid it";

/**
 * Probes ports. Remembers which loopback addresses never answer, so that a
 * timeout is paid once and not for every port.
 */
export class Prober {
  readonly #runtime: Runtime;
  readonly #options: ProbeOptions;
  /** The loopback addresses that have not timed out yet. */
  #connectable: readonly string[] = LOOPBACKS;

  /**
   * @param runtime The machine.
   * @param options How to probe.
   */
  constructor(runtime: Runtime, options: ProbeOptions = {}) {
    checkIsObject(options);
    this.#runtime = runtime;
    this.#options = options;
  }

  /**
   * Whether a port is free now.
   *
   * @param port The port, 1-65535.
   * @throws {PortForError} `BAD_INPUT` if it is not a port; `FAILED` if the
   * system has no sockets left to probe with.
   */
  async verdict(port: number): Promise<Verdict> {
    checkPort(port, "probe port");
    try {
      return await this.#bound(port) ??
        // Connect only if binding worked, so as not to disturb a server. This
        // finds what answers without a local socket, such as a NAT rule.
        (await this.#isAnswered(port) ? "held" : "free");
    } catch (error) {
      throw new PortForError(
        "FAILED",
        `cannot probe port ${port}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  /** The verdict from binding; `undefined` if the port can be bound. */
  async #bound(port: number): Promise<Verdict | undefined> {
    const binds = [this.#runtime.bindTcp];
    if (this.#options.udp) binds.push(this.#runtime.bindUdp);
    for (const bind of binds) {
      const results = new Set<BindResult>();
      for (const host of addressesToBind(this.#runtime)) {
        const result = await bind(host, port);
        if (result === "in use") return "held";
        results.add(result);
      }
      // If one IP version is forbidden altogether, the other one decides.
      // System ports need privileges to bind, so only connecting tells there.
      const forbidden = results.has("denied") && !results.has("bound") &&
        port > SYSTEM_PORTS.last;
      if (forbidden) return "forbidden";
    }
    return undefined;
  }

  async #isAnswered(port: number): Promise<boolean> {
    const answers = await Promise.all(
      this.#connectable.map((host) => this.#connect(host, port)),
    );
    return answers.includes(true);
  }

  /** Whether something listens at this loopback address. */
  async #connect(host: string, port: number): Promise<boolean> {
    const answer = await this.#runtime.connectTcp(host, port, ANSWER_WITHIN_MS);
    if (answer === "timed out") {
      // A firewall drops packets there; from now on only binding is tried.
      this.#connectable = this.#connectable.filter((other) => other !== host);
    }
    return answer === "accepted" && !await this.#isProxied(host, port);
  }

  /**
   * Whether something in between, such as a transparent proxy, accepts
   * connections to any port, even to ports that only port-for has bound. Then
   * an accepted connection says nothing.
   */
  async #isProxied(host: string, port: number): Promise<boolean> {
    let proxied = 0;
    for (const other of portsAround(port)) {
      const { bindTcp, isIntercepted } = this.#runtime;
      if (await bindTcp(host, other) !== "bound") continue;
      if (!await isIntercepted(host, other, ANSWER_WITHIN_MS)) return false;
      if (++proxied === ENOUGH_PROXIED) return true;
    }
    return false;
  }
}

/**
 * This many intercepted ports show a rule for all ports, not just for a few.
 */
const ENOUGH_PROXIED = 4;

/** How far to look for other ports: a proxy may not cover all of them. */
const AROUND = 4096;

function* portsAround(port: number): Generator<number> {
  for (const draw of crypto.getRandomValues(new Uint16Array(32))) {
    const other = port - AROUND + draw % (2 * AROUND);
    if (isPort(other) && other > SYSTEM_PORTS.last && other !== port) {
      yield other;
    }
  }
}

/**
 * Loopback answers within a fraction of a millisecond; after this long, no
 * answer will come.
 */
const ANSWER_WITHIN_MS = 50;

/**
 * On Linux, binding the wildcards finds holders on every address. Elsewhere it
 * misses sockets that are bound to one address and do not listen; binding the
 * loopback addresses finds at least those there.
 */
function addressesToBind({ os }: Runtime): string[] {
  return os === "linux" ? WILDCARDS : [...WILDCARDS, ...LOOPBACKS];
}
