import { type Bench, output } from "./programs.ts";
import { timed } from "./processes.ts";
import type { Row } from "./table.ts";

const A_FILE = "in a file";
const ETCD = "in an etcd on this machine";

/** The cost of a store in a cluster (Bun binary). */
export async function fleet(bench: Bench): Promise<Row[]> {
  // Keep the copy of the cluster's answers in the temporary folder, too.
  Deno.env.set("XDG_CACHE_HOME", `${bench.folder}/cache`);
  await using etcd = await startEtcd(bench.folder);
  const file = `${bench.folder}/fleet.toml`;
  const kept = (name: string, store: string): Kept => {
    const portFor = [...bench.programs.bunBinary, "--store", store];
    return { name, portFor };
  };
  const inFile = kept(A_FILE, file);
  const inEtcd = kept(ETCD, etcd.store);
  for (const { portFor } of [inFile, inEtcd]) await output([...portFor, "web"]);
  const lookups = await timed(bench, "Lookup (Bun binary)", 20, [
    { name: A_FILE, words: [...inFile.portFor, "web"] },
    { name: ETCD, words: [...inEtcd.portFor, "web"], base: A_FILE, atMost: 3 },
  ]);
  const fresh = ({ name, portFor }: Kept) => ({
    ...{ name, words: [...portFor, "new"] },
    prepare: [...portFor, "--unbind", "new"],
  });
  const associations = await timed(bench, "New name (Bun binary)", 10, [
    fresh(inFile),
    fresh(inEtcd),
  ]);
  const [, before = 0, after = 0] = associations.map(({ value }) => value);
  return [
    ...lookups,
    ...associations,
    { name: "what that adds", value: after - before, unit: "ms", atMost: 10 },
  ];
}

interface Kept {
  readonly name: string;
  readonly portFor: readonly string[];
}

/** Starts an etcd with one member. Disposing of it ends it. */
async function startEtcd(folder: string) {
  const [client, peer] = [0, 0].map(() => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return `http://127.0.0.1:${listener.addr.port}`;
  });
  const process = new Deno.Command("etcd", {
    args: [
      ...["--name=one", `--data-dir=${folder}/etcd`, "--log-level=error"],
      ...[
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
      ],
      ...[`--listen-peer-urls=${peer}`],
      ...[`--initial-advertise-peer-urls=${peer}`],
      ...[`--initial-cluster=one=${peer}`],
    ],
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  const stop = async () => {
    process.kill("SIGKILL");
    await process.status;
  };
  try {
    await answers(client!);
  } catch (error) {
    await stop();
    throw error;
  }
  const store = `${client!.replace("http:", "etcd:")}/bench`;
  return { store, [Symbol.asyncDispose]: stop };
}

/** Waits for up to 10 seconds until etcd answers. */
async function answers(url: string): Promise<void> {
  for (const end = Date.now() + 10_000;;) {
    try {
      const body = '{"key":"YQ=="}';
      const answer = await fetch(`${url}/v3/kv/range`, {
        method: "POST",
        body,
      });
      await answer.body?.cancel();
      if (answer.ok) return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
