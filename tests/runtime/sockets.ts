/**
 * Sockets of the tests, by Node's modules, which every engine has.
 *
 * @module
 */
import { createSocket, type Socket } from "node:dgram";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { availableGoodPorts } from "../../lib/machine/good_ports.ts";
import { errorCode } from "../../lib/runtime/runtime.ts";

/** A server on a TCP port, which hangs up on whoever connects. */
class Listening implements AsyncDisposable {
  readonly #server: Server;
  readonly port: number;

  constructor(server: Server) {
    this.#server = server.on("connection", (socket) => socket.end());
    this.port = (server.address() as AddressInfo).port;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** Listens on a port of an address, by default one that the system picks. */
export function listening(host: string, port = 0): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(
      { host, port, ipv6Only: true },
      () => resolve(new Listening(server)),
    );
  });
}

/**
 * A port that is free on every address, and that no connection and no port-for
 * gets: those take good ports.
 */
export async function freePort(): Promise<number> {
  const good = availableGoodPorts();
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (good.has(port)) continue;
    try {
      for (const [wildcard] of WILDCARDS) {
        await using _ = await listening(wildcard, port);
      }
      return port;
    } catch (error) {
      if (errorCode(error) !== "EADDRINUSE") throw error;
    }
  }
}

/** Connects, and stays until the server has hung up. */
export function hungUpOn(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.once("error", reject);
    socket.once("close", () => resolve());
    socket.resume();
  });
}

/** Somebody who holds a UDP port. */
class UdpHolder implements AsyncDisposable {
  readonly #socket: Socket;
  readonly port: number;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }
}

/** Binds a UDP port of an address that the system picks. */
export function udpBound(host: string): Promise<UdpHolder> {
  return new Promise((resolve, reject) => {
    const ipv6Only = host.includes(":");
    const socket = createSocket({ type: ipv6Only ? "udp6" : "udp4", ipv6Only });
    socket.once("error", reject);
    socket.bind(
      { address: host, port: 0, exclusive: true },
      () => resolve(new UdpHolder(socket)),
    );
  });
}

/** The wildcard and the loopback address of each IP version here. */
export const WILDCARDS: [wildcard: string, loopback: string][] = [
  ["0.0.0.0", "127.0.0.1"],
  ...(await hasIpv6() ? [["::", "::1"] as [string, string]] : []),
];

/** Containers often have not. */
async function hasIpv6(): Promise<boolean> {
  try {
    await using _ = await listening("::1");
    return true;
  } catch {
    return false;
  }
}
