import { ifPermitted } from "./deno_quick.ts";
import { type Post, type Posted, posted, withoutProxies } from "./post.ts";

/** Sends something by HTTP, once. */
export async function post(what: Post): Promise<Posted> {
  const { ca, cert, key } = what.tls ?? {};
  const client = withoutProxies(ENVIRONMENT, () =>
    Deno.createHttpClient({
      poolMaxIdlePerHost: 0,
      http2: false,
      ...(ca === undefined ? {} : { caCerts: [ca] }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    }));
  try {
    return await posted(what, { client } as RequestInit, isNotSent);
  } finally {
    client.close();
  }
}

/** Recognized by its message, because Deno gives it no code. */
function isNotSent(error: unknown): boolean {
  const { cause, message } = error as Error;
  return /client error \(Connect\)|port \d+ are blocked/
    .test(`${message} ${cause}`) ||
    error instanceof Deno.errors.NotCapable;
}

/** The environment; variables that Deno may not read count as unset. */
const ENVIRONMENT: Record<string, string | undefined> = new Proxy({}, {
  get: (_, name) => ifPermitted(() => Deno.env.get(name as string)),
  set: (_, name, value) => (Deno.env.set(name as string, value), true),
  deleteProperty: (_, name) => (Deno.env.delete(name as string), true),
});
