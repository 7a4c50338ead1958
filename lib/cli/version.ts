/** The version of port-for, the same as in deno.json. */
export const VERSION = "2.0.0";
