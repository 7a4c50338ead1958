/** Something to send by HTTP. */
export interface Post {
  /** Where to: an `http:` or `https:` URL. */
  readonly url: string;
  /** What is sent, as JSON. */
  readonly body: string;
  /** What the header `Authorization` says. Without it, there is none. */
  readonly authorization?: string;
  /** How long the whole may take. */
  readonly timeoutMs: number;
  /** In bytes; a longer answer is none. */
  readonly longestAnswer: number;
  /** What is trusted, and who asks. By default the engine's list, and nobody. */
  readonly tls?: Tls;
}

/** Certificates and a key, each as the text of a PEM file. */
export interface Tls {
  /** The authorities that may vouch for a server. */
  readonly ca?: string;
  /** The certificate of who asks. */
  readonly cert?: string;
  /** Its private key. */
  readonly key?: string;
}

/**
 * What became of a `Post`:
 *
 * - `answered`: the whole answer is here, whatever its status
 * - `not sent`: the other side has surely not seen it
 * - `unknown`: it may have; the answer did not come, or not in time
 * - `too long`: it was answered, at more length than was allowed
 */
export type Posted =
  | {
    readonly kind: "answered";
    readonly status: number;
    readonly text: string;
  }
  | {
    readonly kind: "not sent" | "unknown" | "too long";
    readonly why: string;
  };

/** Takes proxies out of the environment, for as long as `start` takes. */
export function withoutProxies<T>(
  env: Record<string, string | undefined>,
  start: () => T,
): T {
  const found = PROXIES.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  for (const [name] of found) delete env[name];
  try {
    return start();
  } finally {
    for (const [name, value] of found) env[name] = value;
  }
}

/** What engines send even what goes to this very machine by. */
const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
  .flatMap((name) => [name, name.toLowerCase()]);

/**
 * Sends it by the engine's `fetch`, once: on a kept connection engines send a
 * request again by themselves. Redirects are answers like others.
 *
 * @param how What the engine wants to be told beside that.
 * @param isNotSent Whether an error says that there was no connection.
 */
export async function posted(
  { url, body, authorization, timeoutMs, longestAnswer }: Post,
  how: RequestInit,
  isNotSent: (error: unknown) => boolean,
): Promise<Posted> {
  const { signal, abort, clear } = timer(timeoutMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: {
        "Content-Type": "application/json",
        ...(authorization === undefined
          ? {}
          : { Authorization: authorization }),
        ...how.headers as Record<string, string> | undefined,
      },
      redirect: "manual",
      signal,
      ...(({ headers: _, ...rest }) => rest)(how),
    });
    const text = await boundedText(response, longestAnswer);
    if (text === undefined) {
      abort();
      return { kind: "too long", why: `more than ${longestAnswer} bytes` };
    }
    return { kind: "answered", status: response.status, text };
  } catch (error) {
    if (signal.aborted) {
      return { kind: "unknown", why: `no answer within ${timeoutMs} ms` };
    }
    const why = reason(error);
    return { kind: isNotSent(error) ? "not sent" : "unknown", why };
  } finally {
    clear();
  }
}

function timer(milliseconds: number) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timeout = setTimeout(abort, milliseconds);
  const clear = () => clearTimeout(timeout);
  return { signal: controller.signal, abort, clear };
}

/** All of an answer, unless it is longer than so many bytes. */
async function boundedText(
  { body }: Response,
  longest: number,
): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > longest) return undefined;
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** The innermost that an error says: "connection refused", not "fetch failed". */
export function reason(error: unknown): string {
  const { cause, message } = error as Error;
  if (cause instanceof Error) return reason(cause);
  return message.replace(/^error sending request for url \([^)]*\): /, "")
    .replace(/^client error \(\w+\): /, "");
}
