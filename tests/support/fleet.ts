/**
 * A fleet: an etcd cluster of three members and machines that use it, each in
 * a network namespace of its own, all of them on one bridge that leads nowhere
 * else. Linux only, and for root.
 *
 * @module
 */
import { Child } from "./child.ts";
import {
  etcdctl,
  eventually,
  hasEtcd,
  type Key,
  keysIn,
  startMember,
} from "./etcd.ts";
import { isRoot, UNSHARE } from "./namespace.ts";
import { type Outcome, portFor, type RunOptions, runTool } from "./program.ts";
import { TempFolder } from "./temp.ts";

/** Whether to run tests that need a fleet. */
export const hasFleets: boolean = hasEtcd && isRoot;

const NET = "10.77.0";

/** A machine on the bridge. */
export class Host implements AsyncDisposable {
  /** Its address. */
  readonly address: string;
  /** What runs a command on it. */
  readonly prefix: readonly string[];
  readonly #keeper: Child;
  readonly #cable: string;
  readonly #hub: readonly string[];

  private constructor(keeper: Child, number: number, hub: readonly string[]) {
    this.#keeper = keeper;
    this.#cable = `v${number}`;
    this.#hub = hub;
    this.address = `${NET}.${number}`;
    this.prefix = nsenter(keeper);
  }

  /** Makes one, with the number as the end of its address. */
  static async of(number: number, hub: readonly string[]): Promise<Host> {
    const keeper = await lasting("true");
    const host = new Host(keeper, number, hub);
    const cable = host.#cable;
    await shell(
      hub,
      `ip link add ${cable} type veth peer name eth0 netns ${keeper.pid}
      ip link set ${cable} master br0 up`,
    );
    await shell(
      host.prefix,
      `ip address add ${host.address}/24 dev eth0; ip link set eth0 up`,
    );
    return host;
  }

  /** Cuts it off from all others, or connects it again. */
  async connect(isConnected: boolean): Promise<void> {
    const state = isConnected ? "up" : "down";
    await shell(this.#hub, `ip link set ${this.#cable} ${state}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keeper[Symbol.asyncDispose]();
  }
}

/** A member of the cluster. */
export class Member implements AsyncDisposable {
  readonly host: Host;
  readonly #options: readonly string[];
  #process: Child | undefined;
  #pid = 0;

  /** @param options How etcd is started on that host. */
  constructor(host: Host, options: readonly string[]) {
    this.host = host;
    this.#options = options;
  }

  /** Starts it, with the data that it had. */
  async start(): Promise<void> {
    this.#process = await startMember(this.#options, this.host.prefix);
    this.#pid = Number(this.#process.said);
  }

  /** Kills it. */
  async kill(): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    this.#process = undefined;
  }

  /** Stops it with all that it has in hand, or lets it go on. */
  pause(isPaused: boolean): void {
    if (this.#process) Deno.kill(this.#pid, isPaused ? "SIGSTOP" : "SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** A cluster and machines, until the end of the block. */
export class Fleet implements AsyncDisposable {
  readonly members: Member[] = [];
  readonly temp: TempFolder = new TempFolder();
  readonly #own = new AsyncDisposableStack();
  #hub: readonly string[] = [];
  #hosts = 100;

  /** Makes one: `await using fleet = await Fleet.of();` */
  static async of(): Promise<Fleet> {
    const fleet = new Fleet();
    try {
      await fleet.#start();
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const hub = this.#own.use(
      await lasting(
        `ip link add br0 type bridge
        ip address add ${NET}.1/24 dev br0; ip link set br0 up`,
      ),
    );
    this.#hub = nsenter(hub);
    const names = [1, 2, 3].map((at) => `m${at}=http://${NET}.1${at}:2380`);
    for (const at of [1, 2, 3]) {
      const host = this.#own.use(await Host.of(10 + at, this.#hub));
      const url = (port: number) => `http://${host.address}:${port}`;
      this.members.push(
        this.#own.use(
          new Member(host, [
            ...[`--name=m${at}`, `--data-dir=${this.temp.file(`m${at}`)}`],
            ...[`--listen-client-urls=${url(2379)},http://127.0.0.1:2379`],
            ...[`--advertise-client-urls=${url(2379)}`],
            ...[`--listen-peer-urls=${url(2380)}`],
            ...[`--initial-advertise-peer-urls=${url(2380)}`],
            ...[`--initial-cluster=${names}`],
          ]),
        ),
      );
    }
    await Promise.all(this.members.map((member) => member.start()));
    await eventually(() => this.ctl("get", "/nothing"));
  }

  /** Where clients ask. */
  get endpoints(): string {
    return this.members.map(({ host }) => `${host.address}:2379`).join();
  }

  /** The address of the store. */
  get store(): string {
    return `etcd+insecure://${this.endpoints}/fleet`;
  }

  /** What runs a command on the machine that the bridge is on. */
  get prefix(): readonly string[] {
    return this.#hub;
  }

  /** Another machine. It ends with the fleet. */
  async machine(): Promise<Host> {
    return this.#own.use(await Host.of(++this.#hosts, this.#hub));
  }

  /** Starts a module of the tests on a machine. It ends with the fleet. */
  async run(host: readonly string[], ...words: string[]): Promise<Child> {
    return this.#own.use(await Child.start([...host, ...words]));
  }

  /** Runs the program on a machine, with a cache of its own there. */
  portFor(
    host: Host,
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<Outcome> {
    return portFor(args, {
      ...options,
      prefix: host.prefix,
      env: {
        PORT_FOR_STORE: this.store,
        XDG_CACHE_HOME: this.temp.file(host.address),
        ...options.env,
      },
    });
  }

  /** Runs etcdctl, which has to work. */
  async ctl(...args: string[]): Promise<string> {
    return await etcdctl([`--endpoints=${this.endpoints}`, ...args], this.#hub);
  }

  /** All keys of the store. */
  async keys(): Promise<Key[]> {
    return keysIn(
      await this.ctl("get", "--prefix", "/fleet/", "--write-out=json"),
    );
  }

  /** The member that leads. */
  async leader(): Promise<Member> {
    return await eventually(async () => {
      for (const member of this.members) {
        const endpoint = `--endpoints=${member.host.address}:2379`;
        const words = [endpoint, "endpoint", "status", "--write-out=json"];
        const text = await etcdctl(words, this.#hub).catch(() => "[]");
        // Ids are longer than JavaScript's numbers are exact.
        const ids = /"member_id":(\d+).*"leader":(\d+)/.exec(text);
        if (ids && ids[1] === ids[2]) return member;
      }
      throw new Error("there is no leader");
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own[Symbol.asyncDispose]();
    this.temp[Symbol.dispose]();
  }
}

/** A network namespace that stays until its keeper ends. */
function lasting(setUp: string): Promise<Child> {
  const script = `set -e; ip link set lo up; ${setUp}; echo ready; exec cat`;
  return Child.start([...UNSHARE, "sh", "-c", script]);
}

function nsenter(keeper: Child): readonly string[] {
  return ["nsenter", `--target=${keeper.pid}`, "--net"];
}

async function shell(prefix: readonly string[], script: string): Promise<void> {
  const { status, stderr } = await runTool([...prefix, "sh", "-ec", script]);
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
}
