import { parse } from "@std/csv/parse";
import {
  merged,
  oneLine,
  type PortRow,
  type PortSource,
  readPorts,
} from "./port_row.ts";

/**
 * Reads the IANA Service Name and Transport Protocol Port Number Registry in
 * its CSV form (RFC 6335). Rows of unassigned ports and rows without a port are
 * left out. The source's date is the newest date in the file.
 *
 * @throws {Error} if the columns are not those of the registry.
 */
export function readIana(csv: string): PortSource {
  const records = parse(csv, { skipFirstRow: true }) as Record<
    string,
    string
  >[];
  const rows: PortRow[] = [];
  let state = "";
  for (const record of records) {
    state = newest(state, column(record, "Registration Date"));
    state = newest(state, column(record, "Modification Date"));
    const description = oneLine(column(record, "Description"));
    const ports = readPorts(column(record, "Port Number"));
    if (!ports || /^unassigned\b/i.test(description)) continue;
    const transport = column(record, "Transport Protocol").trim();
    rows.push({
      ...ports,
      name: column(record, "Service Name").trim(),
      description,
      transports: transport === "" ? [] : [transport],
    });
  }
  return { state, rows: merged(rows) };
}

function column(record: Record<string, string>, name: string): string {
  const value = record[name];
  if (value === undefined) {
    throw new Error(`the file has no column "${name}"`);
  }
  return value;
}

function newest(a: string, b: string): string {
  return b > a ? b : a;
}
