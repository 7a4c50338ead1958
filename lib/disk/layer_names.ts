/** The folder that the layers of a store are in: `STORE.d` for `STORE.toml`. */
export function layersFolder(store: string): string {
  return `${store.replace(/\.toml$/, "")}.d`;
}

/** The layers among the files of that folder, in the order in which they count. */
export function layersAmong(names: readonly string[]): string[] {
  return names
    .filter((name) => name.endsWith(".toml") && !name.startsWith("."))
    .sort();
}
