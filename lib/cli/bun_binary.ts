/**
 * Where the binaries that Bun compiles start. A plain lookup is answered by
 * Bun's own few calls; whatever else there is to do or to say is up to the rest.
 */
import {
  printQuickly,
  quickArgs,
  quickEnv,
  readQuickly,
  tomlFilesIn,
} from "../runtime/bun_quick.ts";
import { layersAmong, layersFolder } from "../disk/layer_names.ts";
import { answerIn, LARGEST_QUICK, needsLayers, plainLookup } from "./lookup.ts";

const answer = await quickAnswer();
if (answer === undefined) {
  const { runOnBun } = await import("./bun_rest.ts");
  await runOnBun();
} else await printQuickly(answer).catch(failed);

async function quickAnswer(): Promise<string | undefined> {
  const machine = { os: "linux", env: quickEnv };
  const asked = plainLookup(quickArgs, machine);
  if (!asked) return undefined;
  try {
    const text = await readQuickly(asked.path, LARGEST_QUICK);
    // What is not UTF-8, or claims to be, is for others to look at.
    if (text === undefined || text.includes("\ufffd")) return undefined;
    if (!needsLayers(text, asked.names)) return answerIn(text, asked.names);
    const layers = await layerTexts(asked.path);
    return layers && answerIn(text, asked.names, layers);
  } catch {
    // Whoever takes over finds the same, and says it.
    return undefined;
  }
}

async function layerTexts(path: string): Promise<string[] | undefined> {
  const folder = layersFolder(path);
  const names = layersAmong(tomlFilesIn(folder));
  const texts = await Promise.all(
    names.map((name) => readQuickly(`${folder}/${name}`, LARGEST_QUICK)),
  );
  return texts.every((text) => text !== undefined && !text.includes("\ufffd"))
    ? texts as string[]
    : undefined;
}

async function failed(error: unknown): Promise<void> {
  const { failOnBun } = await import("./bun_rest.ts");
  failOnBun(error);
}
