/** Writes SHA256SUMS for all files of a folder, for `sha256sum --check`. */
export async function writeSums(folder: string): Promise<void> {
  const lines: string[] = [];
  for (const name of await fileNames(folder)) {
    if (name !== "SHA256SUMS") {
      lines.push(`${await sha256(`${folder}/${name}`)}  ${name}\n`);
    }
  }
  await Deno.writeTextFile(`${folder}/SHA256SUMS`, lines.join(""));
}

/** The SHA-256 sum of a file, in hexadecimal. */
export async function sha256(path: string): Promise<string> {
  const bytes = await Deno.readFile(path);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

async function fileNames(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile) names.push(name);
  }
  return names.sort();
}
