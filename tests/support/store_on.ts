import { type Association, checkName } from "../../lib/association.ts";
import { FilePlace } from "../../lib/disk/file_place.ts";
import type { Runtime } from "../../lib/runtime/runtime.ts";
import { adopt } from "../../lib/store/adopt.ts";
import { associate } from "../../lib/store/associate.ts";
import type { AssociateOptions } from "../../lib/store/associate_options.ts";
import { listed, type ListOptions } from "../../lib/store/list.ts";
import type { PortStoreOptions } from "../../lib/store/port_store.ts";
import { prune, type Pruned } from "../../lib/store/prune.ts";
import { release } from "../../lib/store/release.ts";
import { DEFAULT_WAIT, liveIn, type Store } from "../../lib/store/store.ts";

/** What a `PortStore` does, on a machine that a test gives it. */
export class StoreOn {
  readonly store: Store;
  readonly #place: FilePlace;

  constructor(
    runtime: Runtime,
    path: string,
    { wait = DEFAULT_WAIT, createFolder, onWarning }: PortStoreOptions = {},
  ) {
    const waiting = { wait, mayBlock: false };
    const how = { ...waiting, createFolder: createFolder ?? false };
    this.#place = new FilePlace(path, how, runtime);
    const warn = onWarning ?? (() => {});
    this.store = { ...waiting, place: this.#place, runtime, warn };
  }

  list(options: ListOptions = {}): Association[] {
    const view = this.#place.read();
    const how = { onProblem: this.store.warn, ...options };
    return listed(view.all(), view, how);
  }

  get(name: string): Association | undefined {
    checkName(name);
    return liveIn(this.#place.read(), name);
  }

  async associate<T extends string | readonly string[]>(
    names: T,
    options?: AssociateOptions,
  ): Promise<T extends string ? number : number[]>;
  async associate(
    names: string | readonly string[],
    options?: AssociateOptions,
  ): Promise<number | number[]> {
    const all = typeof names === "string" ? [names] : names;
    const ports = (await this.ensure(all, options)).map(({ port }) => port);
    return typeof names === "string" ? ports[0]! : ports;
  }

  ensure(
    names: readonly string[],
    options?: AssociateOptions,
  ): Promise<Association[]> {
    return associate(this.store, names, options);
  }

  async release(names: string | readonly string[]): Promise<string[]> {
    const all = typeof names === "string" ? [names] : names;
    return (await release(this.store, all)).map(({ name }) => name);
  }

  prune(): Promise<Pruned[]> {
    return prune(this.store);
  }

  adopt(associations: readonly Association[]): Promise<Association[]> {
    return adopt(this.store, associations);
  }
}
