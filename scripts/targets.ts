/** The machines that there are binaries for, and what their files are called. */

/** What can run the program. */
export type Engine = "deno" | "bun";

/** Both engines. */
export const ENGINES: readonly Engine[] = ["bun", "deno"];

/** A kind of machine. */
export interface Target {
  /** Node's name for the system. */
  readonly os: "linux" | "darwin" | "win32";
  /** Node's name for the processor. */
  readonly cpu: "x64" | "arm64";
  /** The C library, where a system has more than one. */
  readonly libc?: "glibc" | "musl";
  /** Deno's name for it; without one Deno has no such target. */
  readonly deno?: string;
  /** Bun's name for it; without one port-for does not run there on Bun. */
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

/** The names of the targets that an engine has. */
export function targetsOf(engine: Engine): string[] {
  return Object.keys(TARGETS).filter((name) =>
    TARGETS[name]![engine] !== undefined
  );
}

/** The target that this runs on: Deno has no build for musl. */
export function thisMachine(): string {
  const cpu = Deno.build.arch === "aarch64" ? "arm64" : "x64";
  return `${Deno.build.os}-${cpu}`;
}

/** What programs end with on a target. */
export function programSuffix(target: string): string {
  return TARGETS[target]!.os === "win32" ? ".exe" : "";
}

/** The file that `deno task compile` writes. */
export function binaryName(engine: Engine, target: string): string {
  return `port-for-${engine}-${target}${programSuffix(target)}`;
}
