import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  helpText,
  optionHead,
  USAGE,
  wrap,
} from "../../../lib/cli/commands/help.ts";
import { OPTION_GROUPS, OPTIONS } from "../../../lib/cli/options.ts";

Deno.test("help stays within 80 columns and ends every line cleanly", () => {
  for (const line of helpText().split("\n")) {
    assert(line.length <= 80, line);
    assertEquals(line, line.trimEnd());
  }
  assert(helpText().endsWith("\n"));
});

Deno.test("help has the usage, every group and every option in order", () => {
  const help = helpText();
  const parts = [
    USAGE.trimEnd(),
    ...OPTION_GROUPS.flatMap(({ title, options }) => [
      `\n${title}:\n`,
      ...options.map((option) => `\n  ${optionHead(option)}`),
    ]),
  ];
  const places = parts.map((part) => help.indexOf(part));

  assert(!places.includes(-1), parts[places.indexOf(-1)]);
  assertEquals(places, places.toSorted((a, b) => a - b));
});

Deno.test("help says all that the table says", () => {
  const words = helpText().replace(/\s+/g, " ");
  for (const { help } of OPTIONS) assertStringIncludes(words, help);
});

Deno.test("an option is shown as it is written", () => {
  const help = "";
  assertEquals(optionHead({ long: "json", help }), "    --json");
  assertEquals(
    optionHead({ long: "port", short: "p", value: "PORT", help }),
    "-p, --port PORT",
  );
});

Deno.test("text is wrapped at its blanks, a long word has a line of its own", () => {
  assertEquals(wrap("aa bb cc", 5), ["aa bb", "cc"]);
  assertEquals(wrap("aa bb cc", 4), ["aa", "bb", "cc"]);
  assertEquals(wrap("a very-long-word b", 6), ["a", "very-long-word", "b"]);
});
