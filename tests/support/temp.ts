// Files that tests make have the usual modes, whatever umask a person has.
if (Deno.build.os !== "windows") Deno.umask(0o022);

/** Whether everybody may pass through all the folders above a path. */
export function isOpenToAll(path: string): boolean {
  const above = path.replace(/\/[^/]*$/, "");
  if (above === "") return true;
  return (Deno.statSync(above).mode! & 0o001) !== 0 && isOpenToAll(above);
}

/** Tests become other users too, who may not enter a TMPDIR of one's own. */
function placeForAll(): string | undefined {
  if (Deno.build.os === "windows") return undefined;
  const place = Deno.env.get("TMPDIR") || "/tmp";
  try {
    return isOpenToAll(`${Deno.realPathSync(place)}/any`) ? place : "/tmp";
  } catch {
    return "/tmp";
  }
}

const PLACE = placeForAll();

/**
 * A folder of a test's own, removed with everything in it at the end of the
 * block:
 *
 *     using temp = new TempFolder();
 */
export class TempFolder {
  /** Where it is. */
  readonly path: string = Deno.realPathSync(
    Deno.makeTempDirSync({
      prefix: "port-for-test-",
      ...(PLACE && { dir: PLACE }),
    }),
  );

  /** A place in it. */
  file(name: string): string {
    return `${this.path}/${name}`;
  }

  /** Puts a file into it. Returns its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = this.file(name);
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : content;
    Deno.writeFileSync(path, bytes);
    return path;
  }

  /** Puts a program into it, to be run by its path. Returns that. */
  writeProgram(name: string, script: string): string {
    const path = this.write(name, script);
    Deno.chmodSync(path, 0o755);
    return path;
  }

  /** What a file in it says. */
  read(name: string): string {
    return Deno.readTextFileSync(this.file(name));
  }

  /** The names of what is in it, sorted. */
  names(): string[] {
    return [...Deno.readDirSync(this.path)].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
