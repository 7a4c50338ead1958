import { checkIsObject, PortForError } from "../error.ts";
import { checkPort, isPort, SYSTEM_PORTS } from "../ports/port_range.ts";
import type { BindResult, Runtime } from "../runtime/runtime.ts";

/** How to probe a port. */
export interface ProbeOptions {
  /** Ask that the UDP port be free too. By default only TCP is asked about. */
  readonly udp?: boolean;
}

/**
 * What probing a port comes to:
 *
 * - `free`: it can be bound on every local address, and nothing answers on it
 * - `held`: somebody has it
 * - `forbidden`: this process may not bind it, so nobody can tell
 */
export type Verdict = "free" | "held" | "forbidden";

const WILDCARDS = ["0.0.0.0", "::"];
const LOOPBACKS = ["127.0.0.1", "::1"];

/** What may keep a process from binding a port, for messages. */
export const WHAT_FORBIDS =
  "a sandbox, SocketBindDeny= of a systemd unit, or " +
  "net.ipv4.ip_unprivileged_port_start may forbid it";

/**
 * Probes ports, and remembers between them what it learnt of this machine: time
 * is spent once, not for each port, on connections that nobody answers.
 */
export class Prober {
  readonly #runtime: Runtime;
  readonly #options: ProbeOptions;
  /** The loopback addresses that connecting still tells something about. */
  #telling: readonly string[] = LOOPBACKS;

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
   * @throws {PortForError} `BAD_INPUT` where it is not a port; `FAILED` where
   * the system has no sockets left to ask with.
   */
  async verdict(port: number): Promise<Verdict> {
    checkPort(port, "probe port");
    try {
      return await this.#bound(port) ??
        // Only what could be bound is connected to, so no server is disturbed
        // without need. This finds what answers without a socket of its own
        // here, such as a NAT rule.
        (await this.#isAnswered(port) ? "held" : "free");
    } catch (error) {
      throw new PortForError(
        "FAILED",
        `cannot probe port ${port}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  }

  /** The verdict of binding; `undefined` where the port can be bound. */
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
      // One IP version may be forbidden as a whole: then the other one counts.
      // System ports are for privileged programs: only connecting tells there.
      const forbidden = results.has("denied") && !results.has("bound") &&
        port > SYSTEM_PORTS.last;
      if (forbidden) return "forbidden";
    }
    return undefined;
  }

  async #isAnswered(port: number): Promise<boolean> {
    const answers = await Promise.all(
      this.#telling.map((host) => this.#connect(host, port)),
    );
    return answers.includes(true);
  }

  /** Whether somebody answers at one of the loopback addresses. */
  async #connect(host: string, port: number): Promise<boolean> {
    const answer = await this.#runtime.connectTcp(host, port, ANSWER_WITHIN_MS);
    if (answer === "timed out") {
      // A firewall drops what is sent there: binding has to do from now on.
      this.#telling = this.#telling.filter((other) => other !== host);
    }
    return answer === "accepted" && !await this.#isProxied(host, port);
  }

  /**
   * Whether something in between accepts connections to whatever port, such as
   * a transparent proxy: it does so for ports that only port-for has, too. Then
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

/** So many other ports are enough to tell a rule for a few from one for all. */
const ENOUGH_PROXIED = 4;

/** Random ports at up to this distance: a proxy may not have the whole space. */
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
 * This machine answers itself within a fraction of a millisecond. What takes
 * longer than this is not going to be answered.
 */
const ANSWER_WITHIN_MS = 50;

/**
 * On Linux, binding the wildcard addresses finds holders on every address.
 * Elsewhere it does not find one that has bound another address and does not
 * listen; those on the loopback are found by binding just there.
 */
function addressesToBind({ os }: Runtime): string[] {
  return os === "linux" ? WILDCARDS : [...WILDCARDS, ...LOOPBACKS];
}
