/**
 * Real etcd: members that end with the test, however that ends.
 *
 * @module
 */
import { FleetStore, type FleetStoreOptions } from "../../main.ts";
import type { Certificate } from "./certificates.ts";
import { Child } from "./child.ts";
import { DENO_DIR, runTool } from "./program.ts";
import { TempFolder } from "./temp.ts";
import { hasTool } from "./tools.ts";

/**
 * Whether to run tests that need etcd. In CI they run in any case: better to
 * fail there than to be left out unseen.
 */
export const hasEtcd: boolean = Deno.build.os === "linux" &&
  hasTool("etcd", "--version");

/** Where this process keeps its copies and tokens, until it ends. */
export const CACHE: TempFolder = new TempFolder();
Deno.env.set("XDG_CACHE_HOME", CACHE.path);
// Deno's own cache stays where it is.
Deno.env.set("DENO_DIR", DENO_DIR);
addEventListener("unload", () => CACHE[Symbol.dispose]());

/** A key as etcd has it, with what else it knows of it. */
export interface Key {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly lease: string;
}

/** How a member is known, and by whom clients are. */
export interface ServerTls {
  /** The authority that vouches for the member. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** The authority that vouches for clients, if they have to be known. */
  readonly clientCa?: string;
  /** Whom etcdctl is known as. By default whom the member is. */
  readonly client?: Certificate;
}

/** A cluster of one member on this machine's loopback. */
export class Etcd implements AsyncDisposable {
  /** Where clients ask. */
  readonly endpoint: string;
  readonly #member: Child;
  readonly #temp: TempFolder;
  readonly #flags: readonly string[];

  private constructor(
    endpoint: string,
    member: Child,
    temp: TempFolder,
    tls?: ServerTls,
  ) {
    const client = tls?.clientCa ? tls.client ?? tls : undefined;
    this.#flags = [
      `--endpoints=${endpoint}`,
      ...(tls ? [`--cacert=${tls.ca}`] : []),
      ...(client ? [`--cert=${client.cert}`, `--key=${client.key}`] : []),
    ];
    this.endpoint = endpoint;
    this.#member = member;
    this.#temp = temp;
  }

  /**
   * Starts it: `await using etcd = await Etcd.start();`
   *
   * @param tls Its certificate, and the authority that vouches for clients.
   * @param more Further options of etcd.
   */
  static async start(tls?: ServerTls, ...more: string[]): Promise<Etcd> {
    const temp = new TempFolder();
    const [client, peer] = freePorts(2);
    const scheme = tls ? "https" : "http";
    const options = tls
      ? [`--cert-file=${tls.cert}`, `--key-file=${tls.key}`]
      : [];
    if (tls?.clientCa) {
      options.push(`--trusted-ca-file=${tls.clientCa}`, "--client-cert-auth");
    }
    const member = await startMember([
      ...["--name=one", `--data-dir=${temp.file("data")}`],
      ...[`--listen-client-urls=${scheme}://127.0.0.1:${client}`],
      ...[`--advertise-client-urls=${scheme}://127.0.0.1:${client}`],
      ...[`--listen-peer-urls=http://127.0.0.1:${peer}`],
      ...[`--initial-advertise-peer-urls=http://127.0.0.1:${peer}`],
      ...[`--initial-cluster=one=http://127.0.0.1:${peer}`],
      ...options,
      ...more,
    ]);
    const etcd = new Etcd(`127.0.0.1:${client}`, member, temp, tls);
    await etcd.untilReady();
    return etcd;
  }

  /** A library store below a prefix. */
  store(prefix: string, options: FleetStoreOptions = {}): FleetStore {
    return new FleetStore(`etcd://${this.endpoint}${prefix}`, options);
  }

  /** Runs etcdctl, which has to work. Returns what it prints. */
  async ctl(...args: string[]): Promise<string> {
    return await etcdctl([...this.#flags, ...args]);
  }

  /** All keys below a prefix. */
  async keys(prefix: string): Promise<Key[]> {
    return keysIn(
      await this.ctl("get", "--prefix", prefix, "--write-out=json"),
    );
  }

  /** Waits until it answers. */
  async untilReady(): Promise<void> {
    await eventually(() => this.ctl("get", "/nothing"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#member[Symbol.asyncDispose]();
    this.#temp[Symbol.dispose]();
  }
}

/**
 * Starts a member, whose process id is the first thing that it says; it ends
 * with its standard input, and with this process, however that ends.
 *
 * @param prefix What runs a command where the member is to be.
 */
export function startMember(
  options: readonly string[],
  prefix: readonly string[] = [],
): Promise<Child> {
  const script = `setpriv --pdeathsig=KILL "$@" >/dev/null 2>&1 &
    echo $!; cat >/dev/null; kill -9 $!; wait`;
  const words = ["sh", "-c", script, "sh", ETCD, "--log-level=error"];
  return Child.start([...prefix, ...words, ...options]);
}

/** The program; another version can be named. */
export const ETCD: string = Deno.env.get("PORT_FOR_TEST_ETCD") || "etcd";

/** Runs etcdctl, which has to work. Returns what it prints. */
export async function etcdctl(
  args: readonly string[],
  prefix: readonly string[] = [],
): Promise<string> {
  const { status, stdout, stderr } = await runTool(
    [...prefix, "etcdctl", "--command-timeout=2s", ...args],
    { env: { ETCDCTL_API: "3" } },
  );
  if (status !== 0) throw new Error(`etcdctl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Keys as etcdctl prints them in JSON. */
export function keysIn(json: string): Key[] {
  const text = (base64: string) =>
    new TextDecoder().decode(
      Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)),
    );
  // Ids of leases are longer than JavaScript's numbers are exact.
  const { kvs = [] } = JSON.parse(
    json.replace(/"lease":(\d+)/g, '"lease":"$1"'),
  );
  // deno-lint-ignore no-explicit-any -- it is what JSON gives
  return kvs.map((kv: any) => ({
    key: text(kv.key),
    value: text(kv.value ?? ""),
    createRevision: kv.create_revision,
    modRevision: kv.mod_revision,
    lease: kv.lease ?? "0",
  }));
}

/** Tries until it works, for a few seconds. */
export async function eventually<T>(act: () => Promise<T>): Promise<T> {
  const end = Date.now() + 15_000;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Ports that are free now. */
function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map(({ addr }) => (addr as Deno.NetAddr).port);
  for (const listener of listeners) listener.close();
  return ports;
}
