import { assert, assertEquals, assertThrows } from "@std/assert";
import { currentRuntime } from "../../lib/runtime/current.ts";
import { factsIfThere, isFolder, isGone } from "../../lib/runtime/presence.ts";
import { realMachine, systemError } from "../support/fake_runtime.ts";
import { TempFolder } from "../support/temp.ts";

Deno.test("whether a folder is there is known, or assumed where it is hidden", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "");
  const stat = () => {
    throw systemError("EACCES");
  };

  assert(isFolder(temp.path, currentRuntime));
  assert(isFolder(temp.path, realMachine({ stat })));
  assert(!isFolder(path, currentRuntime));
  assert(!isFolder(temp.file("no"), currentRuntime));
  assert(!isFolder(`${path}/no`, currentRuntime));
});

Deno.test("only what is not there for sure is gone", () => {
  using temp = new TempFolder();
  const path = temp.write("file", "");
  const stat = () => {
    throw systemError("EACCES");
  };

  assert(isGone(temp.file("no"), currentRuntime));
  assert(isGone(`${path}/no`, currentRuntime));
  assert(!isGone(path, currentRuntime));
  assert(!isGone(path, realMachine({ stat })));
  assertEquals(factsIfThere(temp.file("no"), currentRuntime), undefined);
  assertEquals(factsIfThere(path, currentRuntime)?.kind, "file");
  assertThrows(
    () => factsIfThere(path, realMachine({ stat })),
    Error,
    "EACCES",
  );
});
