import { assertEquals } from "@std/assert";
import { parseDuration } from "../../lib/ports/duration.ts";
import { refused } from "../support/refused.ts";

Deno.test("a duration is a whole number of seconds, minutes, hours or days", () => {
  for (
    const [text, seconds] of [
      ["1s", 1],
      ["90s", 90],
      ["090s", 90],
      ["15m", 900],
      ["2h", 7200],
      ["7d", 604_800],
      ["36500d", 3_153_600_000],
    ] as const
  ) {
    assertEquals(parseDuration(text, "--ttl"), seconds);
  }
});

Deno.test("what is no duration, or no sensible one, is refused with what it was", async () => {
  for (
    const text of [
      ...["", "s", "1", "0s", "00d", "-1h", "+1h", "1.5h", "1e3s", "0x1s"],
      ...["2w", "1S", "1 h", " 1s", "1s ", "1s\n", "1h30m", "١s"],
      ...["36601d", "999999999d", "99999999999d"],
    ]
  ) {
    const said = [`--ttl ${JSON.stringify(text)}`, "90s"];
    await refused("BAD_INPUT", () => parseDuration(text, "--ttl"), ...said);
  }
});
