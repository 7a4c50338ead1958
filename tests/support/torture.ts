/**
 * Machines of a fleet at work while members, ways and answers fail, and what
 * has to hold afterwards.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Noted, Work } from "../etcd/fleet_client.ts";
import { eventually } from "./etcd.ts";
import type { Fleet, Host } from "./fleet.ts";
import { type Event, faultsIn, impossible } from "./history.ts";
import { denoProgram } from "./bun_program.ts";
import { PROJECT, runTool } from "./program.ts";

/** Runs clients, each on a machine of its own. Returns their calls. */
export async function work(
  fleet: Fleet,
  hosts: readonly Host[],
  works: readonly Work[],
): Promise<Noted[]> {
  const module = denoProgram(`${PROJECT}/tests/etcd/fleet_client.ts`);
  const outcomes = await Promise.all(works.map((work, at) => {
    const host = hosts[at % hosts.length]!;
    const words = [...host.prefix, ...module, JSON.stringify(work)];
    const cache = fleet.temp.file(host.address);
    return runTool(words, { env: { XDG_CACHE_HOME: cache } });
  }));
  return outcomes.flatMap(({ status, stdout, stderr }) => {
    assertEquals([status, stderr], [0, ""]);
    return stdout.trim().split("\n").filter(Boolean)
      .map((line): Noted => JSON.parse(line));
  });
}

/** Something that goes wrong for a while, and right again. */
export type Fault = (fleet: Fleet) => Promise<void>;

/** Any member is killed, and started again. */
export const killed: Fault = async (fleet) => {
  const member = anyOf(fleet.members);
  await member.kill();
  await sleep(500);
  await member.start();
  await sleep(1500);
};

/** The leader is killed, and started again. */
export const leaderKilled: Fault = async (fleet) => {
  const leader = await fleet.leader();
  await leader.kill();
  await sleep(1500);
  await leader.start();
  await sleep(1000);
};

/** The leader is cut off from all others. */
export const leaderCutOff: Fault = async (fleet) => {
  const { host } = await fleet.leader();
  await host.connect(false);
  await sleep(2500);
  await host.connect(true);
  await sleep(1000);
};

/** Any member stops with all that it has in hand, and goes on later. */
export const paused: Fault = async (fleet) => {
  const member = anyOf(fleet.members);
  member.pause(true);
  await sleep(500 + 2500 * Math.random());
  member.pause(false);
  await sleep(500);
};

/** Has faults happen, one after the other, until the work is done. */
export async function during<T>(
  fleet: Fleet,
  faults: readonly Fault[],
  work: Promise<T>,
): Promise<T> {
  let isDone = false;
  const end = () => void (isDone = true);
  work.then(end, end);
  for (let at = 0; !isDone; at++) await faults[at % faults.length]!(fleet);
  return await work;
}

/** Starts what loses answers; the address of the store by way of it. */
export async function lossyStore(fleet: Fleet): Promise<string> {
  const proxy = denoProgram(`${PROJECT}/tests/etcd/lossy_proxy.ts`);
  const members = fleet.endpoints.split(",");
  await fleet.run(fleet.prefix, ...proxy, "10.77.0.1", ...members);
  const endpoints = members.map((_, at) => `10.77.0.1:${12001 + at}`);
  return `etcd+insecure://${endpoints}/fleet`;
}

/**
 * Asserts that all went well: what clients saw one store could have shown them,
 * no revision is at fault, no answer is one that nobody wrote, and nothing is
 * left over.
 */
export async function assertSound(
  fleet: Fleet,
  calls: readonly Noted[],
): Promise<void> {
  await eventually(() => fleet.ctl("get", "/nothing"));
  const events = await history(fleet);
  assertEquals(faultsIn(events), []);
  const written = new Set(
    events.flatMap(({ key, value }) =>
      key.startsWith("name/") && value !== undefined
        ? [`${key.slice(5)} ${JSON.parse(value).port}`]
        : []
    ),
  );
  const untold = calls.filter(({ name, result }) =>
    typeof result === "number" && !written.has(`${name} ${result}`)
  );
  assertEquals(untold, []);
  // What failed did nothing, and leases end.
  const told = calls.filter(({ name, failure, result }) =>
    (!failure || result === "unknown") && !name.startsWith("lease")
  ).flatMap((call) => {
    if (!call.old || call.kind === "release") return [call];
    // An old answer proves nothing; a new port may have been given all the same.
    return call.kind === "get" ? [] : [{ ...call, result: "unknown" as const }];
  });
  const odd = impossible(told);
  const shown = calls.filter(({ name }) => odd.includes(name));
  assertEquals(odd, [], shown.map((one) => JSON.stringify(one)).join("\n"));
  await eventually(async () => {
    const names = new Set(
      (await fleet.keys()).filter(({ lease }) => lease !== "0")
        .map(({ lease }) => lease),
    );
    const [, ...leases] = (await fleet.ctl("lease", "list")).trim().split("\n");
    assertEquals(leases.length, names.size, "leases that no name has");
  });
}

/** Every change of the store since the cluster began. */
async function history(fleet: Fleet): Promise<Event[]> {
  const last = JSON.parse(
    (await fleet.ctl("get", "/nothing", "--write-out=json"))
      .replace(/"(cluster|member)_id":\d+,?/g, ""),
  ).header.revision;
  // A last change, so that there is an end to wait for.
  await fleet.ctl("put", "/fleet/end", "");
  const stdout = await watched(fleet);
  const events = stdout.trim().split("\n").flatMap((line) =>
    (JSON.parse(line.replace(/"lease":(\d+)/g, '"lease":"$1"')).Events ?? [])
      .map(eventOf)
  );
  assertEquals(events.at(-1)?.key, "end");
  return events.filter(({ key, revision }) =>
    key !== "end" && revision <= last
  );
}

/** What etcdctl prints of all changes, the last one included. */
async function watched(fleet: Fleet): Promise<string> {
  const [command, ...args] = [
    ...[...fleet.prefix, "timeout", "20", "etcdctl"],
    ...[`--endpoints=${fleet.endpoints}`, "watch", "/fleet/", "--prefix"],
    ...["--rev=1", "--write-out=json"],
  ];
  const watch = new Deno.Command(command!, {
    ...{ args, env: { ETCDCTL_API: "3" }, stdin: "null", stdout: "piped" },
  }).spawn();
  let text = "";
  // It would go on for ever.
  for await (const part of watch.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes(LAST_KEY) && text.endsWith("\n")) watch.kill("SIGTERM");
  }
  await watch.status;
  return text;
}

/** `/fleet/end` in base64. */
const LAST_KEY = "L2ZsZWV0L2VuZA==";

// deno-lint-ignore no-explicit-any -- it is what JSON gives
function eventOf({ type, kv }: any): Event {
  const text = (base64 = "") =>
    new TextDecoder().decode(
      Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)),
    );
  const key = decodeURIComponent(
    text(kv.key).replace(/^\/fleet\/(?:v1\/)?/, ""),
  );
  return {
    revision: kv.mod_revision,
    key,
    value: type === 1 ? undefined : text(kv.value),
    lease: kv.lease ?? "0",
  };
}

function anyOf<T>(all: readonly T[]): T {
  return all[Math.floor(Math.random() * all.length)]!;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
