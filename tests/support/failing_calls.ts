/**
 * Becomes a command for which the kernel refuses some system calls, by a
 * seccomp filter: `failing_calls.ts CALL[:FIRST_ARGUMENT]=ERRNO... -- COMMAND...`.
 * `MDWE` among them refuses memory that is first written and then run
 * (MemoryDenyWriteExecute= of systemd), by prctl(2).
 *
 * A filter is the real thing: it is what containers, snaps and hardened systemd
 * units are made with.
 *
 * @module
 */

/**
 * What runs a command for which some system calls fail.
 *
 * @param rules `CALL[:FIRST_ARGUMENT]=ERRNO` with numbers of Linux, or `MDWE`.
 */
export function failing(...rules: readonly string[]): string[] {
  const module = new URL(import.meta.url).pathname;
  const deno = [Deno.execPath(), "run", "--quiet", "--allow-all"];
  return [...deno, module, ...rules, "--"];
}

/** Whether the kernel takes filters from this user, on this processor. */
export const canFail: boolean = Deno.build.os === "linux" &&
  ["x86_64", "aarch64"].includes(Deno.build.arch);

/** The numbers of system calls, on x86-64 and arm64. */
const CALLS: Readonly<Record<string, readonly [x64: number, arm64: number]>> = {
  socket: [41, 198],
  connect: [42, 203],
  bind: [49, 200],
  flock: [73, 32],
  fsync: [74, 82],
  fdatasync: [75, 83],
  rename: [82, -1],
  renameat: [264, 38],
  renameat2: [316, 276],
  fchown: [93, 55],
  chown: [92, -1],
  fchownat: [260, 54],
  fchmod: [91, 52],
  chmod: [90, -1],
  fchmodat: [268, 53],
  execve: [59, 221],
  unlink: [87, -1],
  unlinkat: [263, 35],
};

const ARCHITECTURE = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** A BPF instruction. */
type Instruction = readonly [code: number, jt: number, jf: number, k: number];

const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const skipUnless = (k: number, otherwise: number): Instruction => [
  0x15,
  0,
  otherwise,
  k,
];
const answer = (k: number): Instruction => [0x06, 0, 0, k];
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;

/** One rule: which call, with which first argument, fails with which errno. */
function rule(text: string): Instruction[] {
  const [, call = "", argument, errno] =
    /^(\w+)(?::(\d+))?=(\d+)$/.exec(text) ?? [];
  const [x64 = -1, arm64 = -1] = CALLS[call] ?? [];
  const number = Deno.build.arch === "x86_64" ? x64 : arm64;
  if (number < 0) return [];
  const refuse = answer(ERRNO | Number(errno));
  return argument === undefined ? [load(0), skipUnless(number, 1), refuse] : [
    load(0),
    skipUnless(number, 3),
    load(16),
    skipUnless(Number(argument), 1),
    refuse,
  ];
}

function filter(rules: readonly string[]): Uint8Array<ArrayBuffer> {
  const architecture = Deno.build.arch === "x86_64"
    ? ARCHITECTURE.x64
    : ARCHITECTURE.arm64;
  const program = [
    load(4),
    skipUnless(architecture, 1),
    ...rules.flatMap(rule),
    answer(ALLOW),
  ].map((instruction, at): Instruction =>
    // Another architecture's calls are not looked at.
    at === 1 ? [0x15, 0, 0, architecture] : instruction
  );
  const bytes = new Uint8Array(8 * program.length);
  const view = new DataView(bytes.buffer);
  for (const [at, [code, jt, jf, k]] of program.entries()) {
    view.setUint16(8 * at, code, true);
    view.setUint8(8 * at + 2, jt);
    view.setUint8(8 * at + 3, jf);
    view.setUint32(8 * at + 4, k, true);
  }
  return bytes;
}

if (import.meta.main) {
  const end = Deno.args.indexOf("--");
  const command = Deno.args.slice(end + 1);
  const libc = Deno.dlopen("libc.so.6", {
    prctl: {
      parameters: ["i32", "u64", "buffer", "u64", "u64"],
      result: "i32",
    },
    execvp: { parameters: ["buffer", "buffer"], result: "i32" },
    signal: { parameters: ["i32", "u64"], result: "u64" },
  });
  const text = (value: string) => new TextEncoder().encode(`${value}\0`);
  const pointers = (buffers: readonly Uint8Array<ArrayBuffer>[]) =>
    new BigUint64Array([
      ...buffers.map((buffer) =>
        BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)))
      ),
      0n,
    ]);
  const instructions = filter(Deno.args.slice(0, end));
  const program = new DataView(new ArrayBuffer(16));
  program.setUint16(0, instructions.length / 8, true);
  program.setBigUint64(8, pointers([instructions])[0]!, true);
  const args = command.map(text);
  const NO_NEW_PRIVILEGES = 38;
  const SECCOMP = 22;
  const FILTER = 2n;
  const MDWE = 65;
  const SIGPIPE = 13;
  libc.symbols.signal(SIGPIPE, 0n);
  const bytes = new Uint8Array(program.buffer);
  libc.symbols.prctl(NO_NEW_PRIVILEGES, 1n, null, 0n, 0n);
  if (libc.symbols.prctl(SECCOMP, FILTER, bytes, 0n, 0n) !== 0) {
    console.error("the kernel takes no filter");
    Deno.exit(125);
  }
  if (Deno.args.slice(0, end).includes("MDWE")) {
    if (libc.symbols.prctl(MDWE, 1n, null, 0n, 0n) !== 0) {
      console.error("the kernel knows no MDWE");
      Deno.exit(125);
    }
  }
  libc.symbols.execvp(args[0]!, pointers(args));
  console.error(`cannot run ${command[0]}`);
  Deno.exit(127);
}
