import { runTool } from "../support/program.ts";

/**
 * An npm registry on this machine, until the end of the block, with the
 * packages whose tarballs are in a folder.
 */
export class NpmRegistry implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #packages: ReadonlyMap<string, unknown>;
  readonly #folder: string;

  /** Starts one. */
  static async of(folder: string): Promise<NpmRegistry> {
    const packages = new Map<string, unknown>();
    for (const { name } of Deno.readDirSync(folder)) {
      const manifest = await manifestIn(`${folder}/${name}`);
      packages.set(manifest.name, await listed(manifest, folder, name));
    }
    return new NpmRegistry(folder, packages);
  }

  private constructor(folder: string, packages: ReadonlyMap<string, unknown>) {
    this.#folder = folder;
    this.#packages = packages;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  /** Where it is. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer({ url }: Request): Promise<Response> {
    const name = decodeURIComponent(new URL(url).pathname.slice(1));
    if (name.endsWith(".tgz")) {
      const { readable } = await Deno.open(`${this.#folder}/${name}`);
      return new Response(readable);
    }
    const listed = this.#packages.get(name);
    if (listed === undefined) return new Response("none here", { status: 404 });
    const text = JSON.stringify(listed).replaceAll("REGISTRY", this.url);
    return new Response(text, {
      headers: { "content-type": "application/json" },
    });
  }
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}

async function manifestIn(tarball: string): Promise<Manifest> {
  const { stdout } = await runTool(
    ["tar", "-xzOf", tarball, "package/package.json"],
  );
  return JSON.parse(stdout);
}

/** What a registry tells about a package with one version. */
async function listed(manifest: Manifest, folder: string, tarball: string) {
  const bytes = await Deno.readFile(`${folder}/${tarball}`);
  const digest = await crypto.subtle.digest("SHA-512", bytes);
  const integrity = `sha512-${new Uint8Array(digest).toBase64()}`;
  const { name, version } = manifest;
  return {
    name,
    "dist-tags": { latest: version },
    versions: {
      [version]: {
        ...manifest,
        dist: { tarball: `REGISTRY/${tarball}`, integrity },
      },
    },
  };
}
