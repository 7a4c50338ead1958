import { assertEquals } from "@std/assert";
import type { Machine } from "./machine.ts";
import { works } from "./program.ts";

/** How a program lets the kernel choose a port. */
export type Way = "bind" | "bind UDP" | "connect";

/** What the kernel handed out. */
export interface HandedOut {
  /** How many sockets got a port. */
  readonly sockets: number;
  /** The ports that they got, each once. */
  readonly ports: readonly number[];
}

/**
 * Lets the kernel of a machine hand out ports until it has none left, or until
 * so many sockets had one.
 *
 * @param count Where it is given, each socket is closed before the next is
 * made; else all stay open, until there is no port any more.
 * @param until Stop when this port is handed out.
 */
export async function handOut(
  machine: Machine,
  way: Way,
  host: string,
  { count = 0, until = 0 } = {},
): Promise<HandedOut> {
  const { status, stdout, stderr } = await machine.run(
    ...[PYTHON, "-I", "-S", "-c", PROGRAM],
    ...[way, host, `${count}`, `${until}`],
  );
  assertEquals([status, stderr], [0, ""]);
  const [sockets, ...ports] = stdout.trim().split(" ").map(Number);
  return { sockets: sockets!, ports };
}

/** Whether a server can listen on a port of a machine, and be reached there. */
export async function canServe(
  machine: Machine,
  host: string,
  port: number,
): Promise<boolean> {
  const { status } = await machine.run(
    ...[PYTHON, "-I", "-S", "-c", SERVER, host, `${port}`],
  );
  return status === 0;
}

// What else is called python3 may be a slow wrapper.
const PYTHON = works("/usr/bin/python3", "-V") ? "/usr/bin/python3" : "python3";

/** A port outside of every ephemeral range, so that it is in nobody's way. */
const PROGRAM = `
import errno, socket, struct, sys
way, host, count, until = sys.argv[1:]
count, until = int(count), int(until)
family = socket.AF_INET6 if ":" in host else socket.AF_INET
kind = socket.SOCK_DGRAM if way == "bind UDP" else socket.SOCK_STREAM
if way == "connect":
    server = socket.socket(family)
    server.bind((host, 800))
    server.listen(4096)
ports, kept, sockets = set(), [], 0
# Closed with this, a connection is gone at once.
hard = struct.pack("ii", 1, 0)
try:
    while until not in ports and (not count or sockets < count):
        one = socket.socket(family, kind)
        if way == "connect":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
            one.connect((host, 800))
        else:
            one.bind((host, 0))
        ports.add(one.getsockname()[1])
        sockets += 1
        if not count:
            kept.append(one)
        else:
            one.close()
            if way == "connect":
                server.accept()[0].close()
except OSError as error:
    if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
        raise
print(sockets, *sorted(ports))
`;

const SERVER = `
import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
server = socket.create_server(
    (host, port),
    family=socket.AF_INET6 if ":" in host else socket.AF_INET,
)
socket.create_connection((host, port), 5).close()
server.accept()
`;
