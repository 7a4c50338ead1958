import { type Association, portsOf } from "../association.ts";
import type { Policy, View } from "../place.ts";
import { type PortSet, setOf } from "../ports/port_set.ts";
import { allInLayers, inLayers, type Layer } from "./layers.ts";
import type { StoreText } from "./store_text.ts";

/** The content of a store's file and the layers below it. */
export class StoreView implements View {
  /** The file's own content. */
  readonly own: StoreText;
  /** The store's real path. */
  readonly source: string;
  readonly #layers: readonly Layer[];

  /**
   * @param source The store's real path.
   * @param layers The layers below it, highest precedence first.
   */
  constructor(own: StoreText, source: string, layers: readonly Layer[]) {
    this.own = own;
    this.source = source;
    this.#layers = layers;
  }

  get policy(): Policy {
    return this.own.document.policy;
  }

  get problems(): readonly string[] {
    return this.#texts.flatMap((text) => text.problems);
  }

  find(name: string): Association | undefined {
    return this.own.find(name) ?? inLayers(this.#layers, name);
  }

  holders(ports: PortSet): readonly Association[] {
    const all = [...this.own.all(), ...allInLayers(this.#layers)];
    return all.filter((association) => {
      const { first, last } = portsOf(association);
      if (first === last) return ports.has(first);
      return !setOf([{ first, last }]).retainAll(ports).isEmpty;
    });
  }

  /**
   * Every name's association; the store's own first, then the first layer's.
   */
  all(): readonly Association[] {
    const all = new Map(this.own.document.associations);
    for (const association of allInLayers(this.#layers)) {
      if (!all.has(association.name)) all.set(association.name, association);
    }
    return [...all.values()];
  }

  /** Every association in the layers, even those that the store overrides. */
  layered(): readonly Association[] {
    return allInLayers(this.#layers);
  }

  refuseProblems(): void {
    for (const text of this.#texts) text.refuseProblems();
  }

  get #texts(): StoreText[] {
    return [this.own, ...this.#layers.map(({ content }) => content)];
  }
}
