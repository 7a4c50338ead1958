import { becomeProgram, ignoredBefore, originalLimits } from "./become.ts";

/** The C library on systems with `execvp(3)`. */
const C_LIBRARIES: Readonly<Record<string, string>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
};

const SIGPIPE = 13;

/**
 * Becomes another program.
 *
 * @returns if there is no way to: on other systems, or if Deno may not call the
 * C library.
 * @throws an error with the system's code if the program cannot be run.
 */
export function become(
  args: readonly Uint8Array[],
  environment: Readonly<Record<string, string>>,
): void {
  const library = loaded();
  if (!library) return;
  const { symbols } = library;
  const buffer = (bytes: Uint8Array) => bytes as Uint8Array<ArrayBuffer>;
  becomeProgram(args, environment, {
    signals: [[SIGPIPE, 0], ...ignoredBefore(textOf("/proc/self/status"))],
    // Deno already passes on inherited descriptors, and none of its own.
    descriptors: [],
    openFiles: originalLimits(
      textOf("/proc/self/limits"),
      textOf(`/proc/${Deno.ppid}/limits`),
    ),
  }, {
    addressOf: (bytes) =>
      Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer(bytes))),
    execvp: (file, args) => symbols.execvp(buffer(file), buffer(args)),
    setenv: (name, value, overwrite) =>
      symbols.setenv(buffer(name), buffer(value), overwrite),
    unsetenv: (name) => symbols.unsetenv(buffer(name)),
    signal: (signal, handler) => symbols.signal(signal, BigInt(handler)),
    fcntl: () => 0,
    setrlimit: (resource, limits) =>
      symbols.setrlimit(resource, buffer(limits)),
    errno: () => new Deno.UnsafePointerView(symbols.errno()!).getInt32(),
  });
}

function loaded() {
  const name = C_LIBRARIES[Deno.build.os];
  if (name === undefined) return undefined;
  try {
    return Deno.dlopen(name, {
      execvp: { parameters: ["buffer", "buffer"], result: "i32" },
      setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" },
      unsetenv: { parameters: ["buffer"], result: "i32" },
      signal: { parameters: ["i32", "usize"], result: "usize" },
      setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
      errno: {
        name: Deno.build.os === "linux" ? "__errno_location" : "__error",
        parameters: [],
        result: "pointer",
      },
    });
  } catch {
    // No --allow-ffi, or no such library.
    return undefined;
  }
}

function textOf(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    // Not Linux, or denied by Deno.
    return "";
  }
}
