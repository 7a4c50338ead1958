import { type Association, holdsPorts, portsOf } from "../association.ts";
import { FilePlace } from "../disk/file_place.ts";
import { machineStore, userStore } from "../disk/usual_stores.ts";
import { quoted } from "../error.ts";
import { reservedClaims } from "../kernel/reserved_claims.ts";
import { type Claim, type Claims, claimsIn } from "../machine/claim.ts";
import { ServicesFile } from "../machine/services_file.ts";
import { SocketUnits } from "../machine/socket_units.ts";
import type { PortRange } from "../ports/port_range.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * The ports claimed on this machine by anything other than one store. A source
 * that cannot be read claims nothing.
 */
export class MachineClaims implements Claims {
  /** Short lists, read up front. */
  readonly #few: readonly Claim[];
  readonly #files: readonly Claims[];

  /** @param source The store's real path, if it is a file. */
  constructor(runtime: Runtime, source: string | undefined) {
    this.#few = [
      ...reservedClaims(runtime, source),
      ...otherStoresClaims(runtime, source),
    ];
    this.#files = [new ServicesFile(runtime), new SocketUnits(runtime)];
  }

  on(range: PortRange): readonly Claim[] {
    return [
      ...claimsIn(range, this.#few),
      ...this.#files.flatMap((claims) => claims.on(range)),
    ];
  }

  all(): readonly Claim[] {
    return [...this.#few, ...this.#files.flatMap((claims) => claims.all())];
  }
}

/** Claims from the machine's store and the user's own, except for `source`. */
function otherStoresClaims(
  runtime: Runtime,
  source: string | undefined,
): Claim[] {
  return [machineStore, userStore].flatMap((usual) => {
    try {
      const path = usual(runtime);
      if (path === source || runtime.realPath(path) === source) return [];
      const view = new FilePlace(path, READ_ONLY, runtime).read();
      return view.all().filter(holdsPorts).map((one) => claimOf(one, path));
    } catch {
      // Missing, broken, or unreadable for this user.
      return [];
    }
  });
}

/** These stores are only read, so there is no lock to wait for. */
const READ_ONLY = { wait: 0, mayBlock: false };

function claimOf(association: Association, path: string): Claim {
  return {
    ranges: [portsOf(association)],
    kind: "store",
    by: association.name,
    text: `claimed by ${quoted(association.name)} of ${path}`,
  };
}
