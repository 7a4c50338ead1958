import { parse } from "@std/yaml/parse";
import { PortForError } from "../error.ts";
import { isTable } from "../toml/meaning.ts";
import type { FoundNames } from "./found_names.ts";

/**
 * The services of a Compose file that publish ports. What publishes a range, is
 * not started by default, or is described in another file is left out.
 *
 * @param file Its name, for messages.
 * @throws {PortForError} where it cannot be read.
 */
export function composeNames(text: string, file: string): FoundNames {
  const services = servicesIn(text, file);
  const names: string[] = [];
  const skipped: string[] = [];
  for (const [name, service] of Object.entries(services)) {
    if (!isTable(service)) continue;
    const why = reasonToSkip(service);
    if (why !== undefined) skipped.push(`${name}: ${why}`);
    else if (portsOf(service).length > 0) names.push(name);
  }
  return { names, skipped };
}

function servicesIn(text: string, file: string): Record<string, unknown> {
  let whole: unknown;
  try {
    whole = parse(text);
  } catch (error) {
    const [why = ""] = (error as Error).message.split("\n");
    throw new PortForError("FAILED", `cannot read ${file}: ${why}`);
  }
  const services = isTable(whole) ? whole.services : undefined;
  return isTable(services) ? services : {};
}

function reasonToSkip(service: Record<string, unknown>): string | undefined {
  if (service.extends !== undefined) {
    return "it extends another service, which is not followed";
  }
  const ports = portsOf(service);
  if (ports.length === 0) return undefined;
  if (service.profiles !== undefined) {
    return "it has profiles, so it is not started by default";
  }
  return ports.some(isRange)
    ? "it publishes a range (write { count = N })"
    : undefined;
}

function portsOf(service: Record<string, unknown>): unknown[] {
  return Array.isArray(service.ports) ? service.ports : [];
}

function isRange(port: unknown): boolean {
  const text = isTable(port) ? `${port.published ?? ""}` : `${port}`;
  return /\d-\d/.test(text.replace(/\/\w+$/, ""));
}
