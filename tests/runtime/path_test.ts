import { assertEquals } from "@std/assert";
import { fileNameOf, folderOf } from "../../lib/runtime/path.ts";

Deno.test("a path is a folder and a name, by the separators of its system", () => {
  for (
    const [path, os, folder, name] of [
      ["/etc/port-for.toml", "linux", "/etc", "port-for.toml"],
      ["/port-for.toml", "linux", "/", "port-for.toml"],
      ["port-for.toml", "linux", ".", "port-for.toml"],
      ["/etc/a\\b", "linux", "/etc", "a\\b"],
      ["C:\\data\\ports.toml", "windows", "C:\\data", "ports.toml"],
      ["C:\\data/ports.toml", "windows", "C:\\data", "ports.toml"],
      ["C:/data\\ports.toml", "windows", "C:/data", "ports.toml"],
      ["\\ports.toml", "windows", "\\", "ports.toml"],
    ] as const
  ) {
    assertEquals([folderOf(path, os), fileNameOf(path, os)], [folder, name]);
  }
});
