import process from "node:process";

/** The part of Bun's FFI that is used here. */
declare const Bun: {
  FFI: {
    dlopen(library: string, symbols: Record<string, unknown>): {
      symbols?: Record<string, CFunction>;
    };
    read: { i32(pointer: number): number };
  };
};

/** A function of the C library, as Bun calls it. */
export type CFunction =
  & ((...args: (number | bigint | Uint8Array | null)[]) => number)
  & { readonly ptr?: number };

/** Where the C library is: glibc, musl on either processor, macOS. */
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

/** The function that says where this thread's `errno` is. */
const ERRNO_LOCATION = process.platform === "linux"
  ? "__errno_location"
  : "__error";

/** What a function takes and gives, in Bun's names of C types. */
export interface CSignature {
  readonly args: readonly string[];
  readonly returns: string;
}

/** Some functions of the C library, and the error that the last one left. */
export interface CFunctions<Name extends string> {
  readonly call: Readonly<Record<Name, CFunction>>;
  readonly errno: () => number;
}

/**
 * Functions of the C library, for what Bun itself does not offer. Each one
 * takes Bun a while to prepare: ask for those that are needed, no more.
 *
 * @throws where there is no such library, or no code may be made at run time.
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
      // Where no code may be made at run time, there are none, and no error.
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
