import fs from "node:fs";
import process from "node:process";

/**
 * Descriptors that were handed in: Bun marks all of them as not to be handed on.
 * They can be told from others only before anything else is opened.
 */
let handedIn: readonly number[] = [];

/** Notes what was handed in. Is to be called before anything is opened. */
export function noteDescriptors(): void {
  if (process.platform !== "linux") return;
  try {
    const all = fs.readdirSync("/proc/self/fd").map(Number)
      .filter((descriptor) => descriptor > 2);
    const engines = new Set(all.flatMap(enginesOwn));
    handedIn = all.filter((descriptor) => !engines.has(descriptor));
  } catch {
    // Without /proc this program would not have started.
  }
}

/** Bun's event loop, and what that watches; or a descriptor gone by now. */
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

/** What was handed in: to be handed on to the command. */
export function descriptorsHandedIn(): readonly number[] {
  return handedIn;
}
