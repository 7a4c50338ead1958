/** The folder with a store's layers: `STORE.d` for `STORE.toml`. */
export function layersFolder(store: string): string {
  return `${store.replace(/\.toml$/, "")}.d`;
}

/** The layers among that folder's files, highest precedence first. */
export function layersAmong(names: readonly string[]): string[] {
  return names
    .filter((name) => name.endsWith(".toml") && !name.startsWith("."))
    .sort();
}
