/**
 * Entry point of the binaries that Bun compiles. Answers a plain lookup with a
 * few calls of Bun, and loads the rest of port-for for everything else.
 */
import {
  printAndExit,
  quickArgs,
  quickEnv,
  readQuickly,
  tomlFilesIn,
} from "../runtime/bun_quick.ts";
import { layersAmong, layersFolder } from "../disk/layer_names.ts";
import { answerIn, hasAll, LARGEST_QUICK, plainLookup } from "./lookup.ts";

const answer = await quickAnswer();
if (answer === undefined) {
  const { runOnBun } = await import("./bun_rest.ts");
  await runOnBun();
} else await printAndExit(answer).catch(failed);

async function quickAnswer(): Promise<string | undefined> {
  const machine = { os: "linux", env: quickEnv };
  const asked = plainLookup(quickArgs, machine);
  if (!asked) return undefined;
  try {
    const text = await readQuickly(asked.path, LARGEST_QUICK);
    if (text === undefined) return undefined;
    if (hasAll(text, asked.names)) return answerIn(text, asked.names);
    const layers = await layerTexts(asked.path);
    return layers && answerIn(text, asked.names, layers);
  } catch {
    // The rest runs into the same error and reports it.
    return undefined;
  }
}

async function layerTexts(path: string): Promise<string[] | undefined> {
  const folder = layersFolder(path);
  const names = layersAmong(tomlFilesIn(folder));
  const texts = await Promise.all(
    names.map((name) => readQuickly(`${folder}/${name}`, LARGEST_QUICK)),
  );
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

async function failed(error: unknown): Promise<void> {
  const { failOnBun } = await import("./bun_rest.ts");
  failOnBun(error);
}
