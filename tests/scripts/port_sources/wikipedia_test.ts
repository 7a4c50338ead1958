import { assertEquals } from "@std/assert";
import type { PortRow } from "../../../scripts/port_sources/port_row.ts";
import { readWikipedia } from "../../../scripts/port_sources/wikipedia.ts";

/** A row in the tests' short form: ports, transports, description. */
function short({ first, last, transports, description }: PortRow): string {
  return `${first}-${last} ${transports.join("+")} ${description}`.trim();
}

/** The rows of a page that holds a table with these rows. */
function rowsOf(...rows: string[]): string[] {
  const page = `Some words before it.
{| class="wikitable sortable"
|+ Ports
! Port !! TCP !! UDP !! SCTP !! DCCP !! Description
${rows.map((row) => `|-\n${row}`).join("\n")}
|-
|}
Some words after it.
`;
  return readWikipedia(page).rows.map(short);
}

/** What each way to write a row comes to. */
const ROWS: Readonly<
  Record<string, readonly [rows: string[], short: string[]]>
> = {
  "a row's templates say for which transports it counts": [[
    "| 2001 || {{Yes}} || {{Assigned}} || || || Both",
    "| 2002 || {{Unofficial}} || {{No}} || || || TCP alone",
    "| 2003 || {{no}} || {{yes}} || || || UDP alone",
    "| 2004 || {{No}} || {{N/A|Reserved}} || || || Neither",
    "| 2005 || || || {{Yes}} || || SCTP alone",
  ], [
    "2001-2001 tcp+udp Both",
    "2002-2002 tcp TCP alone",
    "2003-2003 udp UDP alone",
  ]],
  "a status may be a template with a text, or plain words": [[
    "| 2001 || {{ yes | Official }} || No || || || A",
    "| 2002 || Unofficial || Assigned || || || B",
    "| 2003 || Reserved || no || || || C",
  ], ["2001-2001 tcp A", "2002-2002 tcp+udp B"]],
  "cells may stand on lines of their own": [[
    "| 2001\n| {{Yes}}\n| {{No}}\n|\n|\n| A demo",
  ], ["2001-2001 tcp A demo"]],
  "ranges are read, with the article's dash or a hyphen": [[
    "| 2001\u20132009 || {{Yes}} || || || || A",
    "| 3001-3009 || {{Yes}} || || || || B",
  ], ["2001-2009 tcp A", "3001-3009 tcp B"]],
  "a range of 1000 ports or more is no service's": [[
    "| 2001-2999 || {{Yes}} || || || || 999 ports",
    "| 3001-4000 || {{Yes}} || || || || 1000 ports",
  ], ["2001-2999 tcp 999 ports"]],
  "a port that spans rows counts for each of them": [[
    '| rowspan="3" | 2001 || {{Yes}} || {{No}} || || || First',
    "| {{No}} || {{Unofficial}} || || || Second",
    "| {{No}} || {{No}} || || || Third",
    "| 2002 || {{No}} || {{Yes}} || || || Next",
  ], ["2001-2001 tcp First", "2001-2001 udp Second", "2002-2002 udp Next"]],
  "a status that spans rows or columns counts for all of them": [[
    "| 2001 || rowspan=2 | {{Yes}} || {{No}} || || || First",
    "| 2002 || {{No}} || || || Second",
    "| 2003 || colspan=2 | {{Yes}} || || || Both",
  ], ["2001-2001 tcp First", "2002-2002 tcp Second", "2003-2003 tcp+udp Both"]],
  // A template that stands for a whole cell brings its own bar: attributes stand
  // before it, and no bar between them (Template:Table cell templates).
  "a template's cell may span rows or columns without a bar": [[
    "| 2001 || rowspan=2 {{Yes}} || {{No}} || || || First",
    "| 2002 || {{No}} || || || Second",
    '| 2003 || colspan="2" {{Yes}} || || || Both',
  ], ["2001-2001 tcp First", "2002-2002 tcp Second", "2003-2003 tcp+udp Both"]],
  "references, comments and markup are no part of a cell": [[
    '| 2001<ref name="a" /> || {{Yes}}<ref>x || y</ref> || {{No}} || || || A',
    "| '''2002''' || {{Yes}}<!-- || {{No}} --> || {{No}} || || || ''B''",
    "| {{anchor|c}}2003 || {{Yes}} || {{No}} || || || <b>C</b> {{efn|d}}",
    "| 2004 || {{Yes}} || || || || D<ref>{{cite web\n| url=u\n| title=t\n}}</ref>",
  ], [
    "2001-2001 tcp A",
    "2002-2002 tcp B",
    "2003-2003 tcp C",
    "2004-2004 tcp D",
  ]],
  "a row inside a comment does not count": [[
    "| 2001 || {{Yes}} || {{No}} || || || A",
    "| 2002 || {{Yes}} || {{No}} || || || B\n" +
    "<!--\n|-\n| 2999 || {{Yes}} || {{No}} || || || Gone\n-->",
  ], ["2001-2001 tcp A", "2002-2002 tcp B"]],
  "a description is cut to its first name, links to their text": [[
    "| 2001 || {{Yes}} || || || || [[Demo (software)|Demo]], which listens",
    "| 2002 || {{Yes}} || || || || [https://demo.example Demo] (since 2.0)",
    "| 2003 || {{Yes}} || || || || [[Demo Protocol]]. Used by demos",
  ], [
    "2001-2001 tcp Demo",
    "2002-2002 tcp Demo",
    "2003-2003 tcp Demo Protocol",
  ]],
  "rows whose first cell is no port are left out": [[
    "! colspan=6 | Ports of demos",
    "| see below || {{Yes}} || {{Yes}} || || || A",
    "| 2001 || {{Yes}} || || || || B",
  ], ["2001-2001 tcp B"]],
};

for (const [what, [rows, expected]] of Object.entries(ROWS)) {
  Deno.test(what, () => assertEquals(rowsOf(...rows), expected));
}

Deno.test("every table of the page is read, to its end and no further", () => {
  const { rows } = readWikipedia(`
{| class="wikitable"
|-
| 2002 || {{Yes}} || {{No}} || || || Second
|}
| 2999 || {{Yes}} || {{No}} || || || Outside
{| class="wikitable"
|-
| 2001 || {{Yes}} || {{No}} || || || First
|}
`);
  assertEquals(rows.map(short), [
    "2001-2001 tcp First",
    "2002-2002 tcp Second",
  ]);
});

Deno.test("facts separated by tabs are read as well", () => {
  const { rows, state } = readWikipedia(`# The state of 2026-08-04.
# port <TAB> TCP <TAB> UDP <TAB> name
2001\tofficial\tassigned\tBoth
2002\tunofficial\t\tTCP alone
2003\tno\tunofficial\tUDP alone
2004\treserved\tno\tNeither
2005-3004\tofficial\tofficial\t1000 ports
`);
  assertEquals(state, "2026-08-04");
  assertEquals(rows.map(short), [
    "2001-2001 tcp+udp Both",
    "2002-2002 tcp TCP alone",
    "2003-2003 udp UDP alone",
  ]);
});
