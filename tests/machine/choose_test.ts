import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { type Choice, Chooser } from "../../lib/machine/choose.ts";
import type { Claim } from "../../lib/machine/claim.ts";
import { candidatesFor } from "../../lib/ports/candidates.ts";
import { availableOutside, goodPortsOf } from "../../lib/ports/policy.ts";
import { PortSet, portSet } from "../../lib/ports/port_set.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { quietLinux, RANGE_FILE } from "../support/fake_runtime.ts";
import { runTool } from "../support/program.ts";
import { refused } from "../support/refused.ts";

const LINUX = { first: 32768, last: 60999 };
const GOOD = goodPortsOf(availableOutside([LINUX]));
const NOBODY = new PortSet();
const MAC = quietLinux({ ephemeral: "49152 65535" });

function choose(
  name: string,
  choice: Choice = {},
  held: PortSet = NOBODY,
  runtime: Runtime = quietLinux(),
): Promise<number> {
  return new Chooser(choice, runtime).choose(name, () => held);
}

// To change these numbers is to move every user's ports. New data may, too,
// where one of them gets assigned.
Deno.test("a name's port is the same on every Linux as it comes", async () => {
  assertEquals(await choose("web"), 16828);
  assertEquals(await choose("db"), 12055);
  assertEquals(await choose("instance1.apache"), 14423);
});

Deno.test("a name's port stays where the ephemeral range is another", async () => {
  assertEquals(await choose("instance1.apache", {}, NOBODY, MAC), 14423);
});

Deno.test("a port that is held or in use makes way for the next candidate", async () => {
  const [first, second, third] = candidatesFor("web", GOOD);
  const held = portSet(first!);
  const runtime = quietLinux({ used: portSet(second!) });
  assertEquals(await choose("web", {}, held, runtime), third);
});

Deno.test("ports that names hold are not probed", async () => {
  const held = new PortSet(GOOD).delete(29500);
  const runtime: Runtime = {
    ...quietLinux(),
    bindTcp(_host, port) {
      assert(port === 29500, `${port} is probed`);
      return "bound";
    },
  };
  assertEquals(await choose("web", {}, held, runtime), 29500);
});

Deno.test("the last free port is found", async () => {
  const runtime = quietLinux({ used: new PortSet(GOOD).delete(29500) });
  for (const name of ["web", "db"]) {
    assertEquals(await choose(name, {}, NOBODY, runtime), 29500);
    assertEquals(await choose(name, { random: true }, NOBODY, runtime), 29500);
  }
});

Deno.test("--range offers every good port in it, without borders of its own", async () => {
  const range = { first: 29500, last: 29509 };
  const held = new PortSet();
  for (let count = 1; count <= 10; count++) {
    held.add(await choose("web", { range }, held));
    assertEquals(held.size, count);
  }
  assertEquals([...held.ranges()], [range]);
});

Deno.test("--exclude leaves its ports out, without borders of its own", async () => {
  const range = { first: 29500, last: 29509 };
  const exclude = portSet(["29500-29504", "29506-29509"]);
  assertEquals(await choose("web", { range, exclude }), 29505);
});

Deno.test("--exclude moves only the names whose port it takes", async () => {
  const [first, second] = candidatesFor("web", GOOD);
  assertEquals(await choose("web", { exclude: portSet(second!) }), first);
  assertEquals(await choose("web", { exclude: portSet(first!) }), second);
});

Deno.test("a range that reaches into the dynamic range makes that available", async () => {
  const range = { first: 61000, last: 65535 };
  const port = await choose("web", { range });
  assert(61000 < port && port <= 65535, `${port}`);
  // Whatever is held, no port of the ephemeral range comes.
  const reaching = { first: 49000, last: 65535 };
  const held = new PortSet();
  for (let time = 0; time < 50; time++) {
    const port = await choose("web", { range: reaching }, held);
    assert(port > LINUX.last && !held.has(port), `${port}`);
    held.add(port);
  }
});

Deno.test("without such a range, no port comes from the dynamic range", async () => {
  const probed = new PortSet();
  const runtime: Runtime = {
    ...quietLinux({ ephemeral: "60000 65535" }),
    bindTcp(_host, port) {
      probed.add(port);
      return "in use";
    },
  };
  await refused("NO_GOOD_PORT", () => choose("web", {}, NOBODY, runtime));
  assert(probed.size > 30000);
  assert([...probed.ranges()].at(-1)!.last < 49152);
});

Deno.test("--random chooses good ports, not the name's", async () => {
  const ports = new Set<number>();
  for (let time = 0; time < 20; time++) {
    ports.add(await choose("web", { random: true }));
  }
  // All the same by chance: once in 17343 to the power of 19.
  assert(ports.size > 1);
  for (const port of ports) assert(GOOD.has(port));
});

Deno.test("--udp asks that the UDP port be free too", async () => {
  const [first, second] = candidatesFor("web", GOOD);
  const usedByUdp = portSet(first!);
  const runtime = quietLinux({ usedByUdp });
  assertEquals(await choose("web", {}, NOBODY, runtime), first);
  assertEquals(await choose("web", { udp: true }, NOBODY, runtime), second);
});

Deno.test("a failure counts each port of the range once", async () => {
  const range = { first: 29160, last: 29519 };
  const exclude = portSet("29500-29503");
  const held = portSet(["29504-29506", "80", "29500"]);
  const used = portSet(["29160-29499", "29507-29519"]);
  const { message } = await refused(
    "NO_GOOD_PORT",
    () => choose("web", { range, exclude }, held, quietLinux({ used })),
    ...['"web"', "of the ports 29160-29519", "are assigned by IANA"],
    ...["at their borders", "4 are excluded", "3 belong to other names"],
    ...["are in use", "--unbind"],
  );
  assertEquals(sumOf(message), range.last - range.first + 1);
  await refused("NO_GOOD_PORT", () => choose("web", {}, GOOD), "17343 belong");
});

/** The sum of all counts in a message. */
function sumOf(message: string): number {
  return [...message.matchAll(/(\d+) (?:are|is|belongs?)\b/g)]
    .reduce((sum, [, count]) => sum + Number(count), 0);
}

Deno.test("bounds that leave no good port are bad input, and are named", async () => {
  for (
    const [choice, named] of [
      [{ range: { first: 8080, last: 8081 } }, "--range 8080-8081"],
      [{ range: { first: 1, last: 1023 } }, "--range 1-1023"],
      [{ range: { first: 40000, last: 49151 } }, "--range 40000-49151"],
      [{ exclude: portSet("1-65535") }, "--exclude 1-65535"],
      [
        {
          range: { first: 29500, last: 29509 },
          exclude: portSet(["29500-29505", "29506-29600"]),
        },
        "--range 29500-29509 with --exclude 29500-29600",
      ],
    ] satisfies [Choice, string][]
  ) {
    const act = () => choose("web", choice);
    const { message } = await refused("BAD_INPUT", act, '"web"', named);
    const [, first, last] = /of the ports (\d+)-(\d+), /.exec(message) ??
      [0, 1, 0];
    assertEquals(sumOf(message), Number(last) - Number(first) + 1);
  }
  const range = { first: 50000, last: 50009 };
  const { message } = await refused(
    "BAD_INPUT",
    () => choose("web", { range }, NOBODY, MAC),
    "of the ports 50000-50009",
  );
  assertEquals(sumOf(message), 10);
});

Deno.test("one port that is not good is spoken of as one", async () => {
  for (
    const [port, why] of [
      [20000, ": port 20000 is assigned by IANA ("],
      [80, "no port of it is in 1024-49151"],
    ] as const
  ) {
    const range = { first: port, last: port };
    await refused("BAD_INPUT", () => choose("web", { range }), why);
  }
});

Deno.test("taking names away is not the way out where all is promised to others", async () => {
  const all: Claim = {
    kind: "reserved ports",
    ranges: [{ first: 1, last: 65535 }],
    by: "",
    text: "kept by the administrator",
  };
  const claims = { on: () => [all], all: () => [all] };
  const { message } = await refused(
    "NO_GOOD_PORT",
    () => choose("web", { claims }, portSet(29500)),
    ...["promised to others", "--port"],
  );
  assert(!message.includes("--unbind"), message);
});

Deno.test("an ephemeral range that takes every port is no fault of the input", async () => {
  const runtime = quietLinux({ ephemeral: "1024 65535" });
  for (const choice of [{}, { range: { first: 20000, last: 20009 } }]) {
    await refused(
      "NO_GOOD_PORT",
      () => choose("web", choice, NOBODY, runtime),
      `ephemeral range 1024-65535 (${RANGE_FILE})`,
    );
  }
});

Deno.test("everything that speaks against a port is told", async () => {
  const runtime = quietLinux({ used: portSet([29501, 8080]) });
  const ephemeral = "in the ephemeral range 32768-60999";
  for (
    const [port, objections] of [
      [29500, []],
      [4, ["a system port"]],
      [80, ["a system port", "assigned by IANA", "well known"]],
      [1045, ["assigned by IANA"]],
      [25565, ["well known"]],
      [40100, [ephemeral]],
      [50000, [ephemeral, "in the dynamic range"]],
      [65535, ["in the dynamic range"]],
      // The good range begins three ports above the last claimed one.
      [29170, ["too close to a port that is not available"]],
      [29173, []],
      [29501, ["in use"]],
    ] satisfies [number, string[]][]
  ) {
    const found = await new Chooser({}, runtime).objections(port);
    assertEquals(found, objections, `${port}`);
  }
  const last = (await new Chooser({}, runtime).objections(8080)).at(-1);
  assertEquals(last, "in use");
  const usedByUdp = quietLinux({ usedByUdp: portSet(29500) });
  assertEquals(await new Chooser({}, usedByUdp).objections(29500), []);
  const both = new Chooser({ udp: true }, usedByUdp);
  assertEquals(await both.objections(29500), ["in use"]);
});

Deno.test("a block is of consecutive good ports that are all free", async () => {
  const [first] = candidatesFor("web", GOOD);
  const whole = await choose("web", { count: 3 });
  assertEquals(whole, first);

  // One port of the block is enough to pass it over, and the next is as whole.
  for (const at of [0, 1, 2]) {
    const taken = portSet(first! + at);
    const used = quietLinux({ used: taken });
    for (
      const block of [
        await choose("web", { count: 3 }, NOBODY, used),
        await choose("web", { count: 3 }, taken),
      ]
    ) {
      for (const port of [block, block + 1, block + 2]) {
        assert(GOOD.has(port) && !taken.has(port), `${port}`);
      }
    }
  }
});

Deno.test("the last free block is found, and none where there is none", async () => {
  const block = { first: 29500, last: 29503 };
  const runtime = quietLinux({ used: new PortSet(GOOD).delete(block) });
  for (const random of [false, true]) {
    const choice = { random, count: 4 };
    assertEquals(await choose("web", choice, NOBODY, runtime), 29500);
  }
  const five = () => choose("web", { count: 5 }, NOBODY, runtime);
  await refused("NO_GOOD_PORT", five, "5 consecutive");
});

Deno.test("a block lies within --range and around --exclude", async () => {
  const range = { first: 29500, last: 29509 };
  const exclude = portSet("29504");
  const held = new PortSet();
  // Two blocks fit, one on each side of the excluded port.
  for (let time = 0; time < 2; time++) {
    const first = await choose("web", { range, exclude, count: 3 }, held);
    held.add({ first, last: first + 2 });
  }
  assertEquals(held.size, 6);
  assertEquals([...held].filter((port) => port < 29504).length, 3);
  assert(!held.has(29504));
  const third = () => choose("web", { range, exclude, count: 3 }, held);
  await refused("NO_GOOD_PORT", third);
});

Deno.test("an ephemeral range that had to be guessed has a warning", () => {
  const { ephemeral } =
    new Chooser({}, quietLinux({ ephemeral: "garbage" })).offer;
  assertEquals(ephemeral.ranges, [LINUX]);
  assertNotEquals(ephemeral.warning, undefined);
  assertEquals(
    new Chooser({}, quietLinux()).offer.ephemeral.warning,
    undefined,
  );
});

Deno.test("choosing never loads the names of services", async () => {
  const { stdout } = await runTool(
    [Deno.execPath(), "info", "--json", "lib/machine/choose.ts"],
  );
  const modules: string[] = JSON.parse(stdout).modules.map((
    { specifier }: { specifier: string },
  ) => specifier.replace(/.*\/(?=data\/)/, ""));
  assert(modules.includes("data/ranges.ts"), modules.join(" "));
  assert(!modules.includes("data/services.ts"), modules.join(" "));
});
