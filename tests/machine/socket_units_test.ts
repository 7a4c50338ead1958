import { assertEquals } from "@std/assert";
import { claimsIn } from "../../lib/machine/claim.ts";
import { SocketUnits } from "../../lib/machine/socket_units.ts";
import type { FileFacts, Runtime } from "../../lib/runtime/runtime.ts";
import { bareMachine, systemError } from "../support/fake_runtime.ts";

/** Files of systemd by their paths; no text stands for a link to /dev/null. */
type Files = Readonly<Record<string, string | undefined>>;

const ETC = "/etc/systemd/system";
const RUN = "/run/systemd/system";
const USR = "/usr/lib/systemd/system";

/** A Linux that has these files of systemd, and nothing else. */
function linux(files: Files): Runtime {
  return bareMachine({
    os: "linux",
    readFolder: (folder) => {
      const names = Object.keys(files)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1).split("/")[0]!);
      if (names.length === 0) throw systemError("ENOENT");
      return [...new Set(names)];
    },
    stat: (path) => {
      if (!(path in files)) throw systemError("ENOENT");
      const kind = files[path] === undefined ? "other" : "file";
      return { kind } as FileFacts;
    },
    readFile: (path) => new TextEncoder().encode(files[path]!),
  });
}

/** The ports that units claim, by unit; who asks about one is told the same. */
function claimed(files: Files): Record<string, number[]> {
  const claims = new SocketUnits(linux(files)).all();
  for (const range of claims.flatMap(({ ranges }) => ranges)) {
    const found = new SocketUnits(linux(files)).on(range);
    assertEquals(found, claimsIn(range, claims));
  }
  return Object.fromEntries(
    claims.map(({ by, ranges }) => [by, ranges.map(({ first }) => first)]),
  );
}

/** The ports that a unit of these lines in [Socket] claims. */
function portsOf(...lines: string[]): number[] {
  const text = ["[Socket]", ...lines, ""].join("\n");
  return claimed({ [`${USR}/a.socket`]: text })["a.socket"] ?? [];
}

/** A unit, or a drop-in, that listens there. */
function listens(...values: (string | number)[]): string {
  return `[Socket]\n${
    values.map((value) => `ListenStream=${value}\n`).join("")
  }`;
}

Deno.test("every way to write a port counts, and nothing else", () => {
  for (
    const [value, ...ports] of [
      ["8100", 8100],
      ["127.0.0.1:8100", 8100],
      ["[::1]:8100", 8100],
      ["[::]:8100", 8100],
      ["[::ffff:127.0.0.1]:8100", 8100],
      ["[fe80::1]:8100%%eth0", 8100],
      ["/run/a.socket"],
      ["/run/8100"],
      ["@8100"],
      ["@a:8100"],
      ["vsock:2:8100"],
      ["vsock::8100"],
      ["%i"],
      ["127.0.0.1:%i"],
      ["%i8100"],
      ["localhost:8100"],
      ["::1:8100"],
      ["8100 # no comment"],
      ["0"],
      ["65536"],
    ] as [string, ...number[]][]
  ) {
    assertEquals(portsOf(`ListenStream=${value}`), ports, value);
  }
});

Deno.test("datagrams count as streams do; other kinds have no ports", () => {
  assertEquals(
    portsOf(
      "ListenStream=8100",
      "ListenDatagram = [::]:8101",
      "ListenSequentialPacket=8102",
      "ListenFIFO=8103",
      "ListenNetlink=audit 1",
      "FreeBind=8104",
      "ListenStream=8100",
    ),
    [8100, 8101],
  );
});

Deno.test("an empty value takes back all that was said before, of any kind", () => {
  const before = ["ListenStream=8100", "ListenDatagram=8101"];
  for (const key of ["ListenStream", "ListenDatagram", "ListenFIFO"]) {
    assertEquals(portsOf(...before, `${key}=`, "ListenStream=8102"), [8102]);
  }
});

Deno.test("only the section [Socket] counts, wherever it begins again", () => {
  assertEquals(
    portsOf(
      "ListenStream=8100",
      "[Unit]",
      "ListenStream=8101",
      "[Socket]",
      "ListenStream=8102",
    ),
    [8100, 8102],
  );
});

Deno.test("a backslash continues a line; comments do not, and are skipped within", () => {
  assertEquals(portsOf("ListenStream=\\", "  8100"), [8100]);
  assertEquals(portsOf("ListenStream=\\", "# one", "; two", "8100"), [8100]);
  assertEquals(portsOf("# one \\", "ListenStream=8100"), [8100]);
  assertEquals(portsOf("Service=a\\\\", "ListenStream=8100"), [8100]);
  assertEquals(portsOf("Service=\\", "ListenStream=8100"), []);
  assertEquals(portsOf("ListenStream=\\\r", "8100\r"), [8100]);
});

Deno.test("of units of one name that in the higher folder counts", () => {
  const generated = "/run/systemd/generator";
  const late = "/run/systemd/generator.late";
  for (
    const [higher, lower] of [
      [ETC, RUN],
      [RUN, generated],
      [generated, "/usr/local/lib/systemd/system"],
      ["/usr/local/lib/systemd/system", USR],
      [USR, late],
      ["/run/systemd/generator.early", ETC],
      ["/run/systemd/transient", ETC],
    ] as const
  ) {
    const both = {
      [`${lower}/a.socket`]: listens(8100),
      [`${higher}/a.socket`]: listens(8101),
    };
    assertEquals(claimed(both), { "a.socket": [8101] }, `${higher} ${lower}`);
  }
});

Deno.test("a unit that is masked claims nothing, nor does one of another kind", () => {
  for (const mask of [undefined, ""]) {
    const masked = {
      [`${USR}/a.socket`]: listens(8100),
      [`${ETC}/a.socket`]: mask,
      [`${ETC}/a.socket.d/10.conf`]: listens(8101),
    };
    assertEquals(claimed(masked), {});
  }
  assertEquals(claimed({ [`${USR}/a.service`]: listens(8100) }), {});
});

Deno.test("drop-ins of the unit, of its prefixes and of all sockets count", () => {
  assertEquals(
    claimed({
      [`${USR}/a-b-c.socket`]: listens(8100),
      [`${USR}/a-b-c.socket.d/10.conf`]: listens(8101),
      [`${ETC}/a-b-.socket.d/20.conf`]: listens(8102),
      [`${RUN}/a-.socket.d/30.conf`]: listens(8103),
      [`${ETC}/socket.d/40.conf`]: listens(8104),
      [`${ETC}/a-b.socket.d/50.conf`]: listens(8105),
      [`${ETC}/a-b-c.socket.d/60.conf.bak`]: listens(8106),
      [`${ETC}/b-.socket.d/70.conf`]: listens(8107),
    }),
    { "a-b-c.socket": [8100, 8101, 8102, 8103, 8104] },
  );
});

Deno.test("drop-ins count in the order of their names, wherever they are", () => {
  assertEquals(
    claimed({
      [`${USR}/a.socket`]: listens(8100),
      [`${ETC}/a.socket.d/10.conf`]: listens(8101),
      [`${USR}/a.socket.d/20.conf`]: listens("", 8102),
      [`${ETC}/socket.d/30.conf`]: listens(8103),
    }),
    { "a.socket": [8102, 8103] },
  );
});

// As "systemd-analyze verify" has it.
Deno.test("of drop-ins of one name the more specific counts, then the higher", () => {
  for (
    const [hiding, hidden] of [
      [`${ETC}/a-b.socket.d`, `${USR}/a-b.socket.d`],
      [`${USR}/a-b.socket.d`, `${ETC}/a-.socket.d`],
      [`${USR}/a-b.socket.d`, `${ETC}/socket.d`],
      [`${USR}/a-.socket.d`, `${ETC}/socket.d`],
    ]
  ) {
    const files = {
      [`${USR}/a-b.socket`]: listens(8100),
      [`${hidden}/10.conf`]: listens(8101),
    };
    const hides = (text: string | undefined) =>
      claimed({ ...files, [`${hiding}/10.conf`]: text })["a-b.socket"];
    assertEquals(hides(listens(8102)), [8100, 8102], hiding);
    assertEquals(hides(undefined), [8100], hiding);
  }
});

Deno.test("a unit that cannot be read claims nothing, and hides no other", () => {
  const files = {
    [`${USR}/a.socket`]: listens(8100),
    [`${USR}/b.socket`]: listens(8101),
  };
  const machine = linux(files);
  const { readFile } = machine;
  machine.readFile = (path) => {
    if (path.endsWith("a.socket")) throw systemError("EACCES");
    return readFile(path);
  };
  const claims = new SocketUnits(machine).all();
  assertEquals(claims.map(({ by, text }) => [by, text]), [
    ["b.socket", "claimed by b.socket"],
  ]);
});

Deno.test("other systems have no units, and are not asked", () => {
  assertEquals(new SocketUnits(bareMachine({ os: "darwin" })).all(), []);
});
