import { assertEquals, assertMatch } from "@std/assert";
import { LONG_AGO, Store } from "../support/store.ts";
import { hasTool } from "../support/tools.ts";

/** The clocks of a box that has no battery, and of one that has an old image. */
const CLOCKS = ["1970-01-01 00:00:20", "2015-06-01 12:00:00"];

Deno.test({
  name: "a clock that is surely wrong makes no lease, and ends none",
  ignore: Deno.build.os !== "linux" || !hasTool("faketime", "--version"),
  fn: async () => {
    const text = `[ports]
over = { port = 24015, expires = ${LONG_AGO} }
lease = { port = 24016, expires = 2999-01-01T00:00:00Z }
web = 24017
`;
    for (const clock of CLOCKS) {
      using store = new Store(text);
      const wrong = { prefix: ["faketime", "-f", `@${clock}`] };
      for (const name of ["fresh", "lease"]) {
        const { status, stderr } = await store.callWith(
          wrong,
          "--ttl=1h",
          name,
        );
        assertEquals(status, 1);
        assertMatch(stderr, /the clock says (1970|2015)-.*leave out --ttl/);
      }
      assertEquals(
        await store.printWith(wrong, "web", "lease"),
        "24017\n24016\n",
      );
      assertEquals(await store.printWith(wrong, "--prune"), "");
      const port = await store.printWith(wrong, "fresh");
      assertEquals(store.text, `${text}fresh = ${port}`);
      // As soon as the clock is right, what has ended has.
      await store.print("--prune");
      assertEquals(store.text.includes("over"), false);
    }
  },
});
