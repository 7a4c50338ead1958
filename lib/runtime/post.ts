/** A POST request. */
export interface Post {
  /** An `http:` or `https:` URL. */
  readonly url: string;
  /** The body, as JSON. */
  readonly body: string;
  /** The value of the header `Authorization`, if any. */
  readonly authorization?: string;
  /** How long everything may take. */
  readonly timeoutMs: number;
  /** In bytes; longer answers are refused. */
  readonly longestAnswer: number;
  /**
   * Whom to trust, and the client's certificate. By default the engine's list,
   * and no certificate.
   */
  readonly tls?: Tls;
}

/** Certificates and a key, each as the text of a PEM file. */
export interface Tls {
  /** The certificate authorities to trust. */
  readonly ca?: string;
  /** The client's certificate. */
  readonly cert?: string;
  /** Its private key. */
  readonly key?: string;
}

/**
 * The result of a `Post`:
 *
 * - `answered`: the whole answer is here, whatever its status
 * - `not sent`: the server has certainly not seen it
 * - `unknown`: the server may have seen it, but there was no answer in time
 * - `too long`: the answer was longer than allowed
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

/** Removes proxies from the environment while `start` runs. */
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

/** Engines use these even for requests to this machine. */
const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
  .flatMap((name) => [name, name.toLowerCase()]);

/**
 * Sends it with `fetch`, exactly once: on a kept-alive connection, engines
 * would resend a request by themselves. Redirects are not followed.
 *
 * @param how Further options for the engine's `fetch`.
 * @param isNotSent Whether an error means that there was no connection.
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

/** The whole answer; `undefined` if it is longer than `longest` bytes. */
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

/**
 * The innermost message of an error: "connection refused", not "fetch failed".
 */
export function reason(error: unknown): string {
  const { cause, message } = error as Error;
  if (cause instanceof Error) return reason(cause);
  return message.replace(/^error sending request for url \([^)]*\): /, "")
    .replace(/^client error \(\w+\): /, "");
}
