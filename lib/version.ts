/** The version of port-for, the same as in deno.json. */
export const VERSION = "2.0.0";

/** The day of its release, YYYY-MM-DD. */
export const RELEASED = "2026-11-23";
