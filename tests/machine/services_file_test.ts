import { assertEquals } from "@std/assert";
import { ServicesFile } from "../../lib/machine/services_file.ts";
import type { FileFacts, Runtime } from "../../lib/runtime/runtime.ts";
import {
  bareMachine,
  onlyFiles,
  systemError,
} from "../support/fake_runtime.ts";

/** A machine with this text in /etc/services. */
function machine(text: string, os = "linux"): Runtime {
  return bareMachine({
    os,
    stat: () => ({ kind: "file" }) as FileFacts,
    readFile: onlyFiles({ "/etc/services": text }),
  });
}

/** The ports that a text claims, each with its service; asked one by one, too. */
function claimed(text: string): [port: number, by: string][] {
  return new ServicesFile(machine(text)).all().map((claim) => {
    const [range] = claim.ranges;
    assertEquals(new ServicesFile(machine(text)).on(range!), [claim]);
    return [range!.first, claim.by];
  });
}

Deno.test("every line with a port claims it, in all the forms of services(5)", () => {
  assertEquals(
    claimed(`# Local services
shop\t\t29501/tcp\t\tstore till\t# behind the till
shop 29501/udp
  dns-shop   29502/udp
tight 29503/sctp#comment
capital 29504/TCP
`),
    [
      [29501, "shop"],
      [29502, "dns-shop"],
      [29503, "tight"],
      [29504, "capital"],
    ],
  );
  assertEquals(claimed("a 29501/tcp\r\nb 29502/tcp\r\n").length, 2);
  assertEquals(claimed("last 29501/tcp"), [[29501, "last"]]);
});

Deno.test("what is no line of services(5) claims nothing", () => {
  for (
    const line of [
      "#shop 29501/tcp",
      "shop # 29501/tcp",
      "shop 29501",
      "shop 29501 /tcp",
      "shop 29501/",
      "29501/tcp",
      "shop\n29501/tcp",
      "shop 0/tcp",
      "shop 65536/tcp",
      "shop 295010/tcp",
      "\0\ufffd\u2028",
    ]
  ) assertEquals(claimed(`${line}\n`), [], line);
});

Deno.test("a port that IANA assigns is no claim, whatever its name here", () => {
  assertEquals(claimed("http 80/tcp\npg 5432/tcp\nmine 11434/udp\n"), []);
});

Deno.test("what is no file, or not for this user, claims nothing and is not read", () => {
  for (const kind of ["folder", "other", "symlink"] as const) {
    const stat = () => ({ kind }) as FileFacts;
    assertEquals(
      new ServicesFile(bareMachine({ os: "linux", stat })).all(),
      [],
    );
  }
  for (const code of ["ENOENT", "EACCES", "ELOOP"]) {
    const stat = () => {
      throw systemError(code);
    };
    assertEquals(
      new ServicesFile(bareMachine({ os: "linux", stat })).all(),
      [],
    );
  }
});

Deno.test("macOS has the file too, Windows has it elsewhere", () => {
  const text = "shop 29501/tcp\n";
  assertEquals(new ServicesFile(machine(text, "darwin")).all().length, 1);
  assertEquals(new ServicesFile(bareMachine({ os: "windows" })).all(), []);
});
