import { checkIsObject, PortForError } from "../error.ts";
import { randomCandidates } from "../ports/candidates.ts";
import { isPort } from "../ports/port_range.ts";
import { type Ports, PortSet, portSet } from "../ports/port_set.ts";
import { availablePorts, currentGoodPorts } from "./good_ports.ts";
import { currentRuntime } from "../runtime/current.ts";
import { type ProbeOptions, Prober } from "./probe.ts";

/** Which ports to leave out, and how to probe. */
export interface SelectOptions extends ProbeOptions {
  /** Ports not to choose. Defaults to none. */
  readonly exclude?: Ports;
}

/**
 * Whether a port is in use on this machine: it cannot be bound on `0.0.0.0` or
 * on `::`, or something accepts a connection on `127.0.0.1` or `::1`. An IP
 * version that the machine does not have is skipped; a port that this process
 * may not bind counts as used. Nothing is left listening.
 *
 * @param port The port, 1-65535.
 * @throws {PortForError} `BAD_INPUT` if `port` is not a port; `FAILED` if the
 * system has no sockets left to probe with.
 *
 * @example
 * ```ts
 * import { portIsUsed } from "@x/port-for";
 *
 * const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * console.log(await portIsUsed(listener.addr.port)); // true
 * listener.close();
 * ```
 */
export async function portIsUsed(
  port: number,
  options: ProbeOptions = {},
): Promise<boolean> {
  return await new Prober(currentRuntime, options).verdict(port) !== "free";
}

/**
 * A random port that is free now. Nothing keeps it free: listen on it soon, or
 * give it to a name in a `PortStore`.
 *
 * @param ports The ports to choose from. Defaults to `availableGoodPorts()`.
 * @throws {PortForError} `NO_GOOD_PORT` if none of them is free, `BAD_INPUT` if
 * `ports` or `exclude` contains anything that is not a port.
 *
 * @example
 * ```ts
 * import { selectRandom } from "@x/port-for";
 *
 * Deno.serve({ port: await selectRandom() }, () => new Response("hello"))
 *   .shutdown();
 * ```
 */
export async function selectRandom(
  ports?: Ports,
  options: SelectOptions = {},
): Promise<number> {
  checkIsObject(options);
  const { exclude } = options;
  let choice = ports === undefined ? currentGoodPorts() : portSet(ports);
  if (exclude !== undefined) {
    choice = new PortSet(choice).deleteAll(portSet(exclude));
  }
  const prober = new Prober(currentRuntime, options);
  for (const port of randomCandidates(choice)) {
    if (await prober.verdict(port) === "free") return port;
  }
  throw new PortForError(
    "NO_GOOD_PORT",
    `cannot select a port: none of the ${choice.size} ports to choose from ` +
      `is free (choose from more)`,
  );
}

/**
 * A port from whatever the caller has. One exact port (`8000` or `"8000"`) is
 * returned as it is, whether or not it is free; from anything else,
 * `selectRandom` chooses; without an argument, any good port.
 *
 * @throws {PortForError} As `selectRandom` does.
 *
 * @example
 * ```ts
 * import { getPort } from "@x/port-for";
 *
 * await getPort(8000); // 8000
 * await getPort(); // any good port that is free
 * await getPort("8000-8999"); // one of these
 * await getPort([{ first: 2000, last: 3000 }, new Set([4002, 4003])]);
 * ```
 */
export async function getPort(
  ports?: Ports,
  options: SelectOptions = {},
): Promise<number> {
  const exact = typeof ports === "number" || typeof ports === "string";
  if (exact) {
    const [port, ...more] = portSet(ports);
    if (more.length === 0) return port!;
  }
  return await selectRandom(ports, options);
}

/**
 * Whether a port is available by `availablePorts()` and free now.
 *
 * @param port The port, 1-65535; anything else is not available.
 *
 * @example
 * ```ts
 * import { isAvailable } from "@x/port-for";
 *
 * console.log(await isAvailable(443)); // false
 * ```
 */
export async function isAvailable(
  port: number,
  options: ProbeOptions = {},
): Promise<boolean> {
  return isPort(port) && availablePorts().has(port) &&
    await new Prober(currentRuntime, options).verdict(port) === "free";
}
