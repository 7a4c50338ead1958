/**
 * A folder of a test's own, removed with everything in it at the end of the
 * block:
 *
 *     using temp = new TempFolder();
 */
export class TempFolder {
  /** Where it is. */
  readonly path: string = Deno.realPathSync(
    Deno.makeTempDirSync({ prefix: "port-for-test-" }),
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
