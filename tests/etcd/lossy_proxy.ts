/**
 * Passes requests on to members, and not always their answers: it cuts
 * connections after the request, and holds copies of requests back until long
 * after whoever asked has given up. Arguments: the address to listen on, then
 * the members; the ports that it listens on are 12001 and so on.
 *
 * @module
 */
const CUT = 0.1;
const HELD = 0.05;
const [hostname, ...members] = Deno.args;

for (const [at, member] of members.entries()) {
  const listener = Deno.listen({ hostname: hostname!, port: 12001 + at });
  void serve(listener, member);
}
console.log("ready");
// It ends with its standard input.
for await (const _ of Deno.stdin.readable);
Deno.exit();

async function serve(listener: Deno.Listener, member: string): Promise<void> {
  for await (const connection of listener) {
    pass(connection, member).catch(() => {});
  }
}

async function pass(client: Deno.Conn, member: string): Promise<void> {
  using _ = client;
  const request = await wholeRequest(client);
  const fate = Math.random();
  if (fate < HELD) {
    client.close();
    await new Promise((resolve) =>
      setTimeout(resolve, 500 + 3000 * Math.random())
    );
  }
  const [host, port] = member.split(":");
  using server = await Deno.connect({ hostname: host!, port: Number(port) });
  const writer = server.writable.getWriter();
  await writer.write(request);
  if (fate < HELD + CUT) {
    // The member has it by then.
    await new Promise((resolve) => setTimeout(resolve, 100 * Math.random()));
    return;
  }
  await server.readable.pipeTo(client.writable);
}

async function wholeRequest(client: Deno.Conn): Promise<Uint8Array> {
  const bytes = new Uint8Array(1 << 20);
  let length = 0;
  for (;;) {
    const read = await client.read(bytes.subarray(length));
    if (read === null) throw new Error("no request");
    length += read;
    const text = new TextDecoder("latin1").decode(bytes.subarray(0, length));
    const end = text.indexOf("\r\n\r\n");
    if (end === -1) continue;
    const size = /content-length: *(\d+)/i.exec(text.slice(0, end))?.[1] ?? "0";
    if (length >= end + 4 + Number(size)) return bytes.subarray(0, length);
  }
}
