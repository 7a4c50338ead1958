import process from "node:process";
import { type Post, type Posted, posted, withoutProxies } from "./post.ts";

/** Sends something by HTTP, once. */
export function post(what: Post): Promise<Posted> {
  const how = {
    keepalive: false,
    headers: { Connection: "close" },
    ...(what.tls ? { tls: what.tls } : {}),
  };
  // Bun reads the proxy variables when fetch is called, not later.
  return withoutProxies(process.env, () => posted(what, how, isNotSent));
}

/** Bun's errors for a server that cannot be reached or is not trusted. */
function isNotSent(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" &&
    /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|FailedToOpenSocket|.*CERT.*|UNABLE_TO_.*|.*(?:SSL|TLS).*)$/
      .test(code);
}
