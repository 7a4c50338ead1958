import { type BindResult, errorCode } from "./runtime.ts";

/**
 * A connection to a listener of this process is in its queue as soon as
 * connecting succeeds; this is the time that the process gets to accept it.
 */
export const ARRIVES_WITHIN_MS = 5;

/** What a failure to bind means. Throws any other error again. */
export function bindFailure(error: unknown): BindResult {
  switch (errorCode(error)) {
    case "EADDRINUSE":
      return "in use";
    case "EACCES":
    case "EPERM":
      return "denied";
    case "EADDRNOTAVAIL":
    case "EAFNOSUPPORT":
    case "EPROTONOSUPPORT":
      return "no address";
  }
  throw error;
}

/**
 * Binds a UDP port of one address, then releases it; the same on Deno and Bun.
 */
export async function bindUdp(host: string, port: number): Promise<BindResult> {
  // Deno's own UDP sockets are unstable. Importing this takes as long as
  // starting Deno, so only calls that probe UDP do it.
  const { createSocket } = await import("node:dgram");
  const ipv6Only = host.includes(":");
  const socket = createSocket({ type: ipv6Only ? "udp6" : "udp4", ipv6Only });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ address: host, port, exclusive: true }, () => resolve());
    });
    return "bound";
  } catch (error) {
    return bindFailure(error);
  } finally {
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
}
