/** A request that somebody made, and what can be done with it. */
export interface Passing {
  readonly path: string;
  /** What was sent, byte for byte. */
  readonly body: string;
  /** Sends it on, now; the answer. */
  pass(): Promise<Response>;
}

/** Hangs up, instead of an answer. */
export const LOST = "lost";

/**
 * Something between clients and a member, until the end of the block: it notes
 * what is asked, and a test decides what becomes of it.
 */
export class Between implements AsyncDisposable {
  /** Where clients ask. */
  readonly endpoint: string;
  /** All requests, in order. */
  readonly requests: { readonly path: string; readonly body: string }[] = [];
  /** What becomes of a request. By default it is passed on. */
  handle: (passing: Passing) => Promise<Response | typeof LOST> = (passing) =>
    passing.pass();
  readonly #to: string;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;

  /** @param to The endpoint of the member. */
  constructor(to: string) {
    this.#to = to;
    this.endpoint = `127.0.0.1:${this.#listener.addr.port}`;
    this.#serving = this.#serve();
  }

  async #serve(): Promise<void> {
    const handled: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      // Whoever asked may have given up long before there is an answer.
      handled.push(this.#answer(connection).catch(() => {}));
    }
    await Promise.all(handled);
  }

  async #answer(connection: Deno.Conn): Promise<void> {
    using _ = connection;
    const request = await requestOn(connection);
    this.requests.push(request);
    const { path, body } = request;
    const pass = async () => {
      const url = `http://${this.#to}${path}`;
      const answer = await fetch(url, { method: "POST", body });
      return new Response(await answer.text(), { status: answer.status });
    };
    const answer = await this.handle({ path, body, pass });
    if (answer === LOST) return;
    const text = await answer.text();
    const location = answer.headers.get("location");
    const head = [
      `HTTP/1.1 ${answer.status} Answer`,
      `Content-Length: ${new TextEncoder().encode(text).length}`,
      ...(location === null ? [] : [`Location: ${location}`]),
    ].join("\r\n");
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(`${head}\r\n\r\n${text}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
  }
}

/** Reads a request with a body whose length is said. */
async function requestOn(
  connection: Deno.Conn,
): Promise<{ path: string; body: string }> {
  const part = new Uint8Array(65536);
  let text = "";
  for (;;) {
    const length = await connection.read(part);
    if (length === null) throw new Error("there is no request");
    text += new TextDecoder("latin1").decode(part.subarray(0, length));
    const [, path, head = ""] = /^POST (\S+) (.*?)\r\n\r\n/s.exec(text) ?? [];
    if (path === undefined) continue;
    const body = text.slice(text.indexOf("\r\n\r\n") + 4);
    const size = /content-length: *(\d+)/i.exec(head)?.[1] ?? "0";
    if (body.length < Number(size)) continue;
    const bytes = Uint8Array.from(body, (c) => c.charCodeAt(0));
    return { path, body: new TextDecoder().decode(bytes) };
  }
}

/** Whether a request changes something, as far as its words say. */
export function isChange({ path, body }: Passing): boolean {
  return path === "/v3/kv/txn" && /request(?:Put|DeleteRange)/.test(body);
}

/** Whether it gives up something. */
export function isGivingUp(passing: Passing): boolean {
  return isChange(passing) && passing.body.includes("requestDeleteRange");
}
