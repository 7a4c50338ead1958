import fs from "node:fs";
import process from "node:process";

/**
 * Inherited descriptors. Bun sets close-on-exec on all of them, so they must be
 * noted before anything else is opened.
 */
let handedIn: readonly number[] = [];

/**
 * Notes the inherited descriptors. Must be called before anything is opened.
 */
export function noteDescriptors(): void {
  if (process.platform !== "linux") return;
  try {
    const all = fs.readdirSync("/proc/self/fd").map(Number)
      .filter((descriptor) => descriptor > 2);
    const engines = new Set(all.flatMap(enginesOwn));
    handedIn = all.filter((descriptor) => !engines.has(descriptor));
  } catch {
    // No /proc, without which a Bun binary does not even start.
  }
}

/** The descriptors of Bun's event loop; or this one, if it is closed by now. */
function enginesOwn(descriptor: number): number[] {
  try {
    const target = fs.readlinkSync(`/proc/self/fd/${descriptor}`);
    if (target !== "anon_inode:[eventpoll]") return [];
    const info = fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8");
    const watched = [...info.matchAll(/^tfd:\s*(\d+)/gm)];
    return [descriptor, ...watched.map(([, number]) => Number(number))];
  } catch {
    return [descriptor];
  }
}

/** The inherited descriptors, to pass on to the command. */
export function descriptorsHandedIn(): readonly number[] {
  return handedIn;
}
