import { associations } from "./associations.ts";
import type { Part } from "./bench.ts";
import { crowds } from "./crowds.ts";
import { lookups } from "./lookups.ts";
import { machineGrowth } from "./machine_growth.ts";
import { picking } from "./picking.ts";
import { storeGrowth } from "./store_growth.ts";

/** The parts of the bench, by the names that --only takes. */
export const PARTS: Readonly<Record<string, Part>> = {
  lookups,
  associations,
  picking,
  growth: async (bench) => [
    ...await storeGrowth(bench),
    ...await machineGrowth(bench),
  ],
  crowds,
};
