import process from "node:process";

/** The parts of Bun's FFI that are used here. */
declare const Bun: {
  FFI: {
    dlopen(library: string, symbols: Record<string, unknown>): {
      symbols?: Record<string, CFunction>;
    };
    read: { i32(pointer: number): number };
  };
};

/** A function of the C library that Bun can call. */
export type CFunction =
  & ((...args: (number | bigint | Uint8Array | null)[]) => number)
  & { readonly ptr?: number };

/**
 * The file names of the C library; on Linux glibc, then musl on both
 * processors.
 */
const C_LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  linux: [
    "libc.so.6",
    "libc.musl-x86_64.so.1",
    "libc.musl-aarch64.so.1",
    "libc.so",
  ],
  darwin: ["libSystem.B.dylib"],
  freebsd: ["libc.so.7"],
};

/** The function that returns the address of this thread's `errno`. */
const ERRNO_LOCATION = process.platform === "linux"
  ? "__errno_location"
  : "__error";

/** The signature of a function, with Bun's names of C types. */
export interface CSignature {
  readonly args: readonly string[];
  readonly returns: string;
}

/** Functions of the C library, and the `errno` of the last call. */
export interface CFunctions<Name extends string> {
  readonly call: Readonly<Record<Name, CFunction>>;
  readonly errno: () => number;
}

/**
 * Loads functions of the C library, for what Bun itself does not offer.
 * Preparing each one takes time, so load only what you need.
 *
 * @throws if there is no such library, or the system allows no code to be
 * generated at run time.
 */
export function cFunctions<Name extends string>(
  signatures: Readonly<Record<Name, CSignature>>,
): CFunctions<Name> {
  const failures: unknown[] = [];
  for (const name of C_LIBRARIES[process.platform] ?? []) {
    try {
      const { symbols } = Bun.FFI.dlopen(name, {
        ...signatures,
        [ERRNO_LOCATION]: { args: [], returns: "ptr" },
      });
      // If no code may be generated, Bun returns no symbols but throws nothing.
      if (!symbols?.[ERRNO_LOCATION]) throw new Error("no code can be made");
      return {
        call: symbols as Record<Name, CFunction>,
        errno: () => Bun.FFI.read.i32(symbols[ERRNO_LOCATION]!()),
      };
    } catch (error) {
      failures.push(error);
    }
  }
  throw new Error(`the C library cannot be used: ${failures.join("; ")}`);
}
