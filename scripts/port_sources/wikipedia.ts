import {
  merged,
  oneLine,
  type PortRow,
  type PortSource,
  readPorts,
} from "./port_row.ts";

/** A longer row is the dynamic range of one game or protocol, not a service. */
const LONGEST_SERVICE = 999;

/** The statuses that make a row count for a transport. */
const COUNTS = new Set(["official", "assigned", "unofficial"]);

/**
 * Reads the article "List of TCP and UDP port numbers", as its wikitext or as
 * tab-separated facts (`port, TCP status, UDP status, name`). Rows keep only
 * the transports that they count for.
 */
export function readWikipedia(text: string): PortSource {
  const facts = /^\s*\{\|/m.test(text) ? wikitextFacts(text) : tabFacts(text);
  const rows: PortRow[] = [];
  for (const [port = "", tcp = "", udp = "", name = ""] of facts) {
    const ports = readPorts(port);
    if (!ports || ports.last - ports.first + 1 > LONGEST_SERVICE) continue;
    const transports = [
      ...(COUNTS.has(tcp) ? ["tcp"] : []),
      ...(COUNTS.has(udp) ? ["udp"] : []),
    ];
    if (transports.length === 0) continue;
    rows.push({ ...ports, name: "", description: oneLine(name), transports });
  }
  return {
    state: /state of (\d{4}-\d{2}-\d{2})/.exec(text)?.[1] ?? "",
    rows: merged(rows),
  };
}

function tabFacts(text: string): string[][] {
  return text.split("\n")
    .filter((line) => !line.startsWith("#") && line !== "")
    .map((line) => line.split("\t"));
}

/**
 * The facts in the article's tables: each row begins with the port, then a
 * cell for TCP, UDP, SCTP and DCCP, then the description. A cell may span
 * columns or rows.
 */
function wikitextFacts(text: string): string[][] {
  const facts: string[][] = [];
  const visible = text.replace(/<!--[\s\S]*?-->/g, "");
  for (const [, table = ""] of visible.matchAll(TABLE)) {
    // By column, the cells from above that span further rows.
    const spans: { text: string; rows: number }[] = [];
    for (const row of table.split(/^\|-.*$/m).slice(1)) {
      const cells = laidOut(rowCells(row), spans);
      if (cells.length < 3) continue;
      const [port = "", tcp = "", udp = ""] = cells;
      facts.push([
        plainText(port),
        status(tcp),
        status(udp),
        shortName(plainText(cells.slice(3).findLast((c) => c !== "") ?? "")),
      ]);
    }
  }
  return facts;
}

/** A table, up to its end, which is alone on its line. */
const TABLE = /^\{\|([\s\S]*?)^\|\}\s*$/gm;

interface Cell {
  readonly text: string;
  readonly rowspan: number;
  readonly colspan: number;
}

function rowCells(row: string): Cell[] {
  const flat = row.replace(/<ref[^>]*\/>|<ref[^>]*>[\s\S]*?<\/ref>/g, "");
  return flat.split(/^\|(?![-}+])|^!|\|\||!!/m).slice(1).map((cell) => {
    // There is no bar between attributes and a template that colours the cell.
    const attributes = ATTRIBUTES.exec(cell)?.[1] ?? "";
    return {
      text: cell.slice(attributes.length).replace(/^\s*\|/, "").trim(),
      rowspan: span(attributes, "rowspan"),
      colspan: span(attributes, "colspan"),
    };
  });
}

const ATTRIBUTES =
  /^((?:\s*[\w-]+\s*=\s*(?:"[^"]*"|'[^']*'|[\w%]+))+)\s*(?:\||(?=\{\{))/;

function span(attributes: string, name: string): number {
  return Number(
    new RegExp(`${name}\\s*=\\s*["']?(\\d+)`).exec(attributes)?.[1],
  ) ||
    1;
}

/** The texts of a row by column, including cells that span into it. */
function laidOut(
  cells: readonly Cell[],
  spans: { text: string; rows: number }[],
): string[] {
  const texts: string[] = [];
  const carriedOver = () => {
    for (let above = spans[texts.length]; above && above.rows > 0;) {
      above.rows--;
      texts.push(above.text);
      above = spans[texts.length];
    }
  };
  for (const cell of cells) {
    carriedOver();
    for (let column = 0; column < cell.colspan; column++) {
      spans[texts.length] = { text: cell.text, rows: cell.rowspan - 1 };
      texts.push(cell.text);
    }
  }
  carriedOver();
  return texts;
}

/**
 * Reads a transport's status from the article's templates, or from plain words.
 */
function status(cell: string): string {
  const word = (/\{\{\s*([^|}]+)/.exec(cell)?.[1] ?? plainText(cell))
    .trim().toLowerCase();
  if (/^(yes|official|ya)\b/.test(word)) return "official";
  if (/^assigned\b/.test(word)) return "assigned";
  if (/^(unofficial|maybe)\b/.test(word)) return "unofficial";
  if (/^reserved\b/.test(word)) return "reserved";
  if (/^(no|nay)\b/.test(word)) return "no";
  return "";
}

function plainText(wikitext: string): string {
  return oneLine(
    wikitext
      .replace(/&ndash;|\{\{\s*(?:nd|sp)ash\s*\}\}/g, "-")
      .replace(/\{\{(?:[^{}]|\{\{[^{}]*\}\})*\}\}/g, " ")
      .replace(/\[\[(?:[^\]|]*\|)?([^\]]*)\]\]/g, "$1")
      .replace(/\[\S+\s+([^\]]*)\]/g, "$1")
      .replace(/<[^>]*>/g, " ")
      .replace(/'{2,}/g, "")
      .replace(/&nbsp;/g, " "),
  );
}

/**
 * The name at the start of a description: everything before the first
 * punctuation.
 */
function shortName(description: string): string {
  return (/^[^,;:.(]+/.exec(description)?.[0] ?? description).trim();
}
