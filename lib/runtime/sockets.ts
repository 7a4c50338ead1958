import { type BindResult, errorCode } from "./runtime.ts";

/**
 * A connection to a listener of this very process is in its queue as soon as
 * connecting succeeds; this is for the process to get round to it.
 */
export const ARRIVES_WITHIN_MS = 5;

/** What a failure to bind means; throws what is none of that. */
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

/** Binds a UDP port of one address, then lets go of it; the same on Deno and Bun. */
export async function bindUdp(host: string, port: number): Promise<BindResult> {
  // Deno's own UDP sockets are unstable, and importing this takes Deno as long
  // as starting: only those who ask for UDP pay for it.
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
