/** The targets that binaries are compiled for, and their file names. */

/** What runs the program. */
export type Engine = "deno" | "bun";

/** Both engines. */
export const ENGINES: readonly Engine[] = ["bun", "deno"];

/** A kind of machine to compile for. */
export interface Target {
  /** Node's name for the system. */
  readonly os: "linux" | "darwin" | "win32";
  /** Node's name for the processor. */
  readonly cpu: "x64" | "arm64";
  /** The C library, if the system has more than one. */
  readonly libc?: "glibc" | "musl";
  /** Deno's name for it; `undefined` if Deno has no such target. */
  readonly deno?: string;
  /** Bun's name for it; `undefined` if port-for does not run there on Bun. */
  readonly bun?: string;
}

/** All targets by their names. */
export const TARGETS: Readonly<Record<string, Target>> = {
  "linux-x64": {
    ...{ os: "linux", cpu: "x64", libc: "glibc" },
    ...{ deno: "x86_64-unknown-linux-gnu", bun: "bun-linux-x64" },
  },
  "linux-arm64": {
    ...{ os: "linux", cpu: "arm64", libc: "glibc" },
    ...{ deno: "aarch64-unknown-linux-gnu", bun: "bun-linux-arm64" },
  },
  "linux-x64-musl": {
    ...{ os: "linux", cpu: "x64", libc: "musl" },
    bun: "bun-linux-x64-musl",
  },
  "linux-arm64-musl": {
    ...{ os: "linux", cpu: "arm64", libc: "musl" },
    bun: "bun-linux-arm64-musl",
  },
  "darwin-x64": {
    ...{ os: "darwin", cpu: "x64" },
    ...{ deno: "x86_64-apple-darwin", bun: "bun-darwin-x64" },
  },
  "darwin-arm64": {
    ...{ os: "darwin", cpu: "arm64" },
    ...{ deno: "aarch64-apple-darwin", bun: "bun-darwin-arm64" },
  },
  "windows-x64": {
    ...{ os: "win32", cpu: "x64" },
    deno: "x86_64-pc-windows-msvc",
  },
};

/** The names of an engine's targets. */
export function targetsOf(engine: Engine): string[] {
  return Object.keys(TARGETS).filter((name) =>
    TARGETS[name]![engine] !== undefined
  );
}

/** The target of this machine. Never musl, because Deno has no build for it. */
export function thisMachine(): string {
  const cpu = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  return `${Deno.build.os}-${cpu}`;
}

/** The extension of programs on a target. */
export function programSuffix(target: string): string {
  return TARGETS[target]!.os === "win32" ? ".exe" : "";
}

/** The file name that `deno task compile` uses. */
export function binaryName(engine: Engine, target: string): string {
  return `port-for-${engine}-${target}${programSuffix(target)}`;
}
