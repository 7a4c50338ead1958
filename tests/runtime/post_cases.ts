import { assertEquals } from "@std/assert";
import { type AddressInfo, createServer, type Socket } from "node:net";
import process from "node:process";
import type { Post } from "../../lib/runtime/post.ts";
import type { RuntimeCase } from "./case.ts";
import { freePort } from "./sockets.ts";

/** A server that notes every request, as it came, and answers as a case says. */
class Answering implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly #server = createServer();

  /** @param answer What to do once a request is there. */
  constructor(answer: (socket: Socket) => void) {
    this.#server.on("connection", (socket) => {
      socket.on("error", () => {});
      let request = "";
      socket.on("data", (data) => {
        request += data;
        if (!request.endsWith("}")) return;
        this.requests.push(request);
        request = "";
        answer(socket);
      });
    });
  }

  /** Something to send to it. */
  async post(more: Partial<Post> = {}): Promise<Post> {
    if (!this.#server.listening) {
      await new Promise<void>((resolve) =>
        this.#server.listen({ host: "127.0.0.1", port: 0 }, resolve)
      );
    }
    const { port } = this.#server.address() as AddressInfo;
    return {
      url: `http://127.0.0.1:${port}/v3/kv/txn`,
      body: '{"a":"ä"}',
      timeoutMs: 5000,
      longestAnswer: 1000,
      ...more,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function answer(socket: Socket, head: string, body: string): void {
  socket.end(
    `HTTP/1.1 ${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

/** What the interface promises of `post`. */
export const POST_CASES: readonly RuntimeCase[] = [
  {
    name: "post sends what it is given, and tells status and text",
    async run(runtime) {
      await using server = new Answering((socket) =>
        answer(socket, "503 No", "late")
      );
      const post = await server.post({ authorization: "token" });
      assertEquals(await runtime.post(post), {
        ...{ kind: "answered", status: 503, text: "late" },
      });
      const [request = ""] = server.requests;
      assertEquals(/^POST \/v3\/kv\/txn HTTP\/1\.1\r\n/.test(request), true);
      assertEquals(/\r\nauthorization: token\r\n/i.test(request), true);
      assertEquals(request.endsWith('\r\n\r\n{"a":"ä"}'), true);
    },
  },
  {
    name: "post follows no redirect",
    async run(runtime) {
      await using server = new Answering((socket) =>
        answer(socket, "302 Found\r\nLocation: /elsewhere", "")
      );
      const posted = await runtime.post(await server.post());
      assertEquals(posted.kind === "answered" && posted.status, 302);
      assertEquals(server.requests.length, 1);
    },
  },
  {
    name: "post keeps no connection, and sends nothing twice",
    async run(runtime) {
      let answers = 2;
      await using server = new Answering((socket) => {
        if (answers-- > 0) {
          // As if the connection were to be kept.
          const head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
          socket.write(`${head}ok`);
        } else socket.destroy();
      });
      const post = await server.post();
      for (const kind of ["answered", "answered", "unknown", "unknown"]) {
        assertEquals((await runtime.post(post)).kind, kind);
      }
      assertEquals(server.requests.length, 4);
    },
  },
  {
    name: "post tells what was surely not sent",
    async run(runtime) {
      const url = `http://127.0.0.1:${await freePort()}/`;
      const post = { url, body: "{}", timeoutMs: 5000, longestAnswer: 1000 };
      assertEquals((await runtime.post(post)).kind, "not sent");
      const nowhere = { ...post, url: "http://nowhere.invalid:2379/" };
      assertEquals((await runtime.post(nowhere)).kind, "not sent");
    },
  },
  {
    name: "post waits no longer than it may, for all of an answer",
    async run(runtime) {
      await using silent = new Answering(() => {});
      await using half = new Answering((socket) =>
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
      );
      for (const server of [silent, half]) {
        const began = performance.now();
        const post = await server.post({ timeoutMs: 200 });
        assertEquals((await runtime.post(post)).kind, "unknown");
        const took = performance.now() - began;
        assertEquals(took > 150 && took < 2000, true, `${took}`);
      }
    },
  },
  {
    name: "post takes no answer that is longer than it may be",
    async run(runtime) {
      await using server = new Answering((socket) =>
        answer(socket, "200 OK", "x".repeat(1001))
      );
      assertEquals((await runtime.post(await server.post())).kind, "too long");
      const post = await server.post({ longestAnswer: 1001 });
      assertEquals((await runtime.post(post)).kind, "answered");
    },
  },
  {
    name: "post goes by no proxy, and leaves the environment as it was",
    async run(runtime) {
      await using server = new Answering((socket) =>
        answer(socket, "200 OK", "ok")
      );
      const proxy = `http://127.0.0.1:${await freePort()}`;
      const names = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
      for (const name of names) process.env[name] = proxy;
      try {
        const posted = await runtime.post(await server.post());
        assertEquals(posted.kind, "answered");
        assertEquals(
          names.map((name) => process.env[name]),
          names.map(() => proxy),
        );
      } finally {
        for (const name of names) delete process.env[name];
      }
    },
  },
];
