import { PortForError, quoted } from "../error.ts";

/**
 * How a name is spelt in the environment: `example.com/apache` is
 * `EXAMPLE_COM_APACHE_PORT`. Whatever a shell's variable cannot have in its
 * name is an underscore.
 */
export function variableOf(name: string): string {
  const spelt = name.toUpperCase().replace(/[^A-Z0-9]/gu, "_");
  return `${/^[0-9]/.test(spelt) ? "_" : ""}${spelt}_PORT`;
}

/**
 * Names and ports as variables of the environment, in order.
 *
 * @throws {PortForError} `FAILED` where two names have one spelling.
 */
export function variablesOf(
  ports: Iterable<readonly [name: string, port: number]>,
): Map<string, string> {
  const names = new Map<string, string>();
  const variables = new Map<string, string>();
  for (const [name, port] of ports) {
    const variable = variableOf(name);
    const other = names.get(variable);
    if (other !== undefined && other !== name) {
      throw new PortForError(
        "FAILED",
        `cannot put both ${quoted(other)} and ${quoted(name)} into the ` +
          `environment: both would be ${variable} (rename one, or name only ` +
          `one of them)`,
      );
    }
    names.set(variable, name);
    variables.set(variable, `${port}`);
  }
  return variables;
}

/**
 * The same, without names whose variable another name has, too: those are given
 * to `onClash`.
 */
export function variablesWithoutClashes(
  ports: readonly (readonly [name: string, port: number])[],
  onClash: (variable: string, names: readonly string[]) => void,
): Map<string, string> {
  const variables = new Map<string, string>();
  const all = Map.groupBy(ports, ([name]) => variableOf(name));
  for (const [variable, same] of all) {
    if (same.length > 1) onClash(variable, same.map(([name]) => name));
    else variables.set(variable, `${same[0]![1]}`);
  }
  return variables;
}
