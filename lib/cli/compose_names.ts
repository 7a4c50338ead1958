import { parse } from "@std/yaml/parse";
import type { FoundNames } from "./found_names.ts";

/**
 * The services of a Compose file that publish ports. Services that publish a
 * range, are not started by default or extend another service are skipped.
 *
 * @throws {Error} if it is not valid YAML.
 */
export function composeNames(text: string): FoundNames {
  const services = servicesIn(text);
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

function servicesIn(text: string): Record<string, unknown> {
  const whole: unknown = parse(text);
  const services = isTable(whole) ? whole.services : undefined;
  return isTable(services) ? services : {};
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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
