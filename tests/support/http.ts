/** What a `WebServer` answers. */
export interface Answer {
  /** By default 200. */
  readonly status?: number;
  readonly body?: string | Uint8Array;
  /** Says where else to ask, with a status of 3xx. */
  readonly location?: string;
  /**
   * What to do in the middle of the body: hang up, or never go on. By default
   * all of it is sent.
   */
  readonly halfway?: "hang up" | "stall";
}

/**
 * A web server on a free port of 127.0.0.1, until the end of the block:
 *
 *     await using server = new WebServer(() => ({ body: "hello" }));
 */
export class WebServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #answer: (path: string) => Answer | undefined;
  readonly #connections = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;
  readonly #stalled = Promise.withResolvers<void>();

  /** Where it is, without a slash at the end. */
  readonly url = `http://127.0.0.1:${this.#listener.addr.port}`;
  /** Resolves as soon as an answer stalls. */
  readonly stalled: Promise<void> = this.#stalled.promise;
  /** The paths that were asked for, in order. */
  readonly asked: string[] = [];

  /** @param answer What to answer; `undefined` is 404. */
  constructor(answer: (path: string) => Answer | undefined) {
    this.#answer = answer;
    this.#serving = this.#serve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const handled: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      handled.push(this.#handle(connection));
    }
    await Promise.all(handled);
  }

  async #handle(connection: Deno.Conn): Promise<void> {
    this.#connections.add(connection);
    try {
      const path = /^GET (\S+) /.exec(await requestOn(connection))?.[1] ?? "";
      this.asked.push(path);
      const answer = this.#answer(path) ?? { status: 404, body: "none here" };
      await sendAll(connection, bytesOf(answer));
      if (answer.halfway === "stall") {
        this.#stalled.resolve();
        await connection.read(new Uint8Array(1));
      }
    } catch (error) {
      // Whoever asked has left, or the server was closed.
      if (!GONE.some((kind) => error instanceof kind)) throw error;
    } finally {
      if (this.#connections.delete(connection)) closeQuietly(connection);
    }
  }
}

const GONE = [
  Deno.errors.BadResource,
  Deno.errors.BrokenPipe,
  Deno.errors.ConnectionReset,
  Deno.errors.Interrupted,
];

async function requestOn(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(4096);
  let request = "";
  while (!request.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) break;
    request += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return request;
}

function bytesOf(answer: Answer): Uint8Array {
  const { status = 200, body = "", location, halfway } = answer;
  const content = typeof body === "string"
    ? new TextEncoder().encode(body)
    : body;
  const head = [
    `HTTP/1.1 ${status} Status`,
    `Content-Length: ${content.length}`,
    ...(location === undefined ? [] : [`Location: ${location}`]),
    "Connection: close",
    "\r\n",
  ].join("\r\n");
  const sent = halfway ? content.length / 2 : content.length;
  return new Uint8Array([
    ...new TextEncoder().encode(head),
    ...content.subarray(0, sent),
  ]);
}

async function sendAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    sent += await to.write(bytes.subarray(sent));
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
