import { PortForError, quoted } from "../error.ts";

/**
 * The environment variable for a name: `example.com/apache` becomes
 * `EXAMPLE_COM_APACHE_PORT`. Characters that a variable name cannot have become
 * underscores.
 */
export function variableOf(name: string): string {
  const spelt = name.toUpperCase().replace(/[^A-Z0-9]/gu, "_");
  return `${/^[0-9]/.test(spelt) ? "_" : ""}${spelt}_PORT`;
}

/**
 * Names and ports as environment variables, in order.
 *
 * @throws {PortForError} `FAILED` if two names have the same variable.
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
 * The same, but leaves out names with the same variable and passes them to
 * `onClash`.
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
