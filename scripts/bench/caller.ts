/** What a library is called with, in a program of its own. */
export interface Call {
  /** What has to be imported first. */
  readonly imports: string;
  /** The expression that makes the call. */
  readonly call: string;
}

/**
 * A module that calls a library for some milliseconds to warm up, then as long
 * again, and prints how many calls a second that was.
 */
export function callsASecond({ imports, call }: Call, ms: number): string {
  return `${imports}
async function callsASecond() {
  const start = performance.now();
  let calls = 0;
  let passed = 0;
  do {
    await ${call};
    calls++;
    passed = performance.now() - start;
  } while (passed < ${ms});
  return calls / passed * 1000;
}
await callsASecond();
console.log(await callsASecond());
`;
}

/** The same for a library in Python. */
export function callsASecondInPython(
  { imports, call }: Call,
  ms: number,
): string {
  return `
import time
${imports}
def calls_a_second():
    start = time.perf_counter()
    calls = 0
    while True:
        ${call}
        calls += 1
        passed = time.perf_counter() - start
        if passed >= ${ms / 1000}:
            return calls / passed
calls_a_second()
print(calls_a_second())
`;
}
