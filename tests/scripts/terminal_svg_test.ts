import { assert } from "@std/assert";
import { terminalSvg } from "../../scripts/terminal_svg.ts";
import { PROJECT } from "../support/program.ts";
import { hasReaders } from "../support/reader.ts";

Deno.test({
  name: "the picture in README shows what is printed",
  ignore: !hasReaders,
  fn: async () => {
    const picture = Deno.readTextFileSync(`${PROJECT}/docs/terminal.svg`);
    assert(await terminalSvg() === picture, "deno task docs draws it anew");
  },
});
