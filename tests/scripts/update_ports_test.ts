import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { type Outcome, PROJECT, runTool } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

const DATA = `${PROJECT}/../shared/data`;

const IANA =
  `Service Name,Port Number,Transport Protocol,Description,Assignee,Contact,Registration Date,Modification Date,Reference,Service Code,Unauthorized Use Reported,Assignment Notes
one,2001,tcp,"One, with a comma
and a line break",,,2020-01-02,,,,,
one,2001,udp,One,,,,,,,,
,2002-2009,,Unassigned,,,,,,,,
many,2010-2019,sctp,"\${many}, \`quoted\` and \\ slashed",,,,2021-03-04,,,,
only-a-name,,tcp,No port,,,,,,,,
,2030,,Reserved,,,,,,,,
`;

const WIKIPEDIA = `# A list, state of 2022-05-06.
2001\tofficial\tno\tOne
2500\tunofficial\tno\tWide
2600\tno\tunofficial\tUDP alone
3000-3999\tofficial\tno\tA thousand ports
`;

const WIKITEXT = `{| class="wikitable"
! Port !! TCP !! UDP !! SCTP !! DCCP !! Description
|-
| 2001 || {{Yes}} || {{No}} || || || One
|-
| rowspan="2" | 2500 || {{Unofficial}} || {{No}} || || || [[Wide]]<ref>x</ref>
|-
| {{No}} || {{No}} || || || Something else
|-
| 2600 || {{No}} || {{Unofficial}} || || || UDP alone
|-
| 3000\u20133999 || {{Yes}} || {{No}} || || || A thousand ports
|-
|}
`;

/** The script, with these arguments; it may write to the folder alone. */
function updatePorts(temp: TempFolder, ...args: string[]): Promise<Outcome> {
  return runTool([
    ...[Deno.execPath(), "run", "--quiet", "--no-prompt", "--allow-read"],
    ...[`--allow-write=${temp.path}`, "scripts/update_ports.ts", ...args],
  ]);
}

/** Generates data from files that a test writes; their names stay the same. */
function updateFrom(
  temp: TempFolder,
  { iana = IANA, wikipedia = WIKIPEDIA, out = "data" },
  ...more: string[]
): Promise<Outcome> {
  Deno.mkdirSync(temp.file(out), { recursive: true });
  return updatePorts(
    temp,
    ...["--iana", temp.write("iana.csv", iana)],
    ...["--wikipedia", temp.write("wikipedia.txt", wikipedia)],
    ...["--out", temp.file(out)],
    ...more,
  );
}

interface Data {
  readonly SIZES: unknown;
  readonly ASSIGNED: string;
  readonly WELL_KNOWN: string;
  readonly IANA_SERVICES: string;
  readonly WELL_KNOWN_SERVICES: string;
}

/** What the two modules in a folder export. */
async function imported(folder: string): Promise<Data> {
  const ranges = await import(`file://${folder}/ranges.ts`);
  return { ...ranges, ...await import(`file://${folder}/services.ts`) };
}

Deno.test("the data says what its sources say, and where it is from", async () => {
  using temp = new TempFolder();
  const { status, stdout, stderr } = await updateFrom(temp, {});

  assertEquals([status, stderr], [0, ""]);
  assertEquals(
    stdout,
    `assigned: iana.csv
  state of 2021-03-04, 3 services, 12 ports
well known: wikipedia.txt
  state of 2022-05-06, 3 rows, 2 ports
  and 30000-32767: published by orchestrators
`,
  );
  assertEquals({ ...await imported(temp.file("data")) }, {
    SIZES: { assigned: 12, wikipedia: 2 },
    ASSIGNED: "\n2001 2010-2019 2030\n",
    WELL_KNOWN: "\n2001 2500 30000-32767\n",
    // What is between the others is too short.
    UNCLAIMED_RUNS: [1, 2000, 2031, 2499, 2501, 29999, 32768, 65535],
    IANA_SERVICES: `
2001\ttcp,udp\tone\tOne, with a comma and a line break
2010-2019\tsctp\tmany\t\${many}, \`quoted\` and \\ slashed
2030\t\t\tReserved
`,
    WELL_KNOWN_SERVICES: `
2001\ttcp\t\tOne
2500\ttcp\t\tWide
2600\tudp\t\tUDP alone
30000-32767\ttcp,udp\t\tKubernetes NodePorts, Docker Swarm's published ports
`,
  });
  for (const file of ["ranges.ts", "services.ts"]) {
    const text = temp.read(`data/${file}`);
    for (const line of stdout.trimEnd().split("\n")) {
      assertStringIncludes(text, ` * ${line}\n`);
    }
    // A maintainer's folders are nobody's business.
    assert(!text.includes(temp.path));
  }
});

Deno.test("the article's wikitext gives the same data as its facts", async () => {
  using temp = new TempFolder();
  const wikitext = await updateFrom(
    temp,
    { wikipedia: WIKITEXT, out: "wikitext" },
    "--wikipedia-state=2022-05-06",
  );
  const facts = await updateFrom(temp, { out: "facts" });

  assertEquals([wikitext.status, facts.status], [0, 0], wikitext.stderr);
  for (const file of ["ranges.ts", "services.ts"]) {
    assertEquals(temp.read(`wikitext/${file}`), temp.read(`facts/${file}`));
  }
});

Deno.test("the same sources give the same bytes, over old data or none", async () => {
  using temp = new TempFolder();
  await updateFrom(temp, { out: "once" });
  await updateFrom(temp, { out: "twice" });
  await updateFrom(temp, { out: "twice" });

  for (const file of ["ranges.ts", "services.ts"]) {
    assertEquals(temp.read(`once/${file}`), temp.read(`twice/${file}`));
  }
  assertEquals(namesIn(temp.file("twice")), ["ranges.ts", "services.ts"]);
});

Deno.test({
  name: "the committed data is what the sources of its date give",
  ignore: !exists(DATA),
  fn: async () => {
    using temp = new TempFolder();
    const { status, stderr } = await updatePorts(
      temp,
      ...["--iana", `${DATA}/service-names-port-numbers.csv`],
      ...["--iana-state", "2026-09-17"],
      ...["--wikipedia", `${DATA}/wikipedia-ports.tsv`],
      ...["--out", temp.path],
    );
    assertEquals([status, stderr], [0, ""]);
    for (const file of ["ranges.ts", "services.ts"]) {
      const committed = Deno.readTextFileSync(`${PROJECT}/data/${file}`);
      // Not assertEquals: nobody reads a difference of 300 kB.
      assert(temp.read(file) === committed, `${file} differs`);
    }
  },
});

for (
  const [list, sources] of [
    ["assigned", { iana: IANA.replace("2010-2019", "2010-2016") }],
    ["wikipedia", { wikipedia: WIKIPEDIA.replace("2500", "# 2500") }],
  ] as const
) {
  Deno.test(`${list} does not shrink by more than a fifth unless told to`, async () => {
    using temp = new TempFolder();
    await updateFrom(temp, {});
    const before = contentsOf(temp.file("data"));

    const refused = await updateFrom(temp, sources);
    assertEquals([refused.status, refused.stdout], [1, ""]);
    assertMatch(
      refused.stderr,
      new RegExp(`${list} would shrink from \\d+ to \\d+ ports`),
    );
    assertStringIncludes(refused.stderr, "--allow-shrink");
    assertEquals(contentsOf(temp.file("data")), before);

    const { status } = await updateFrom(temp, sources, "--allow-shrink");
    assertEquals(status, 0);
    assertNotEquals(contentsOf(temp.file("data")), before);
  });
}

Deno.test("a list may shrink by less than a fifth, and grow", async () => {
  using temp = new TempFolder();
  await updateFrom(temp, {});
  // 12 ports, then 10, then 20.
  for (const range of ["2010-2017", "2010-2027"]) {
    const iana = IANA.replace("2010-2019", range);
    const { status, stderr } = await updateFrom(temp, { iana });
    assertEquals([status, stderr], [0, ""]);
    assertStringIncludes(temp.read("data/ranges.ts"), range);
  }
});

Deno.test("a source in another form is refused, and nothing is written", async () => {
  using temp = new TempFolder();
  await updateFrom(temp, {});
  const before = contentsOf(temp.file("data"));

  for (const iana of ["", "<html>Not found</html>\n", "Name,Port\na,1\n"]) {
    const { status, stdout, stderr } = await updateFrom(temp, { iana });
    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, "iana.csv");
  }
  const page = "<html>Not found</html>\n";
  const { status } = await updateFrom(
    temp,
    { wikipedia: page },
    "--wikipedia-state=2022-05-06",
  );
  assertEquals(status, 1);
  assertEquals(contentsOf(temp.file("data")), before);
});

Deno.test("a source without a date needs one", async () => {
  using temp = new TempFolder();
  const wikipedia = WIKIPEDIA.replace("2022-05-06", "some day");
  const { status, stderr } = await updateFrom(temp, { wikipedia });
  assertEquals(status, 1);
  assertStringIncludes(stderr, "--wikipedia-state");

  for (const state of ["yesterday", "2022-05"]) {
    const { status } = await updateFrom(
      temp,
      { wikipedia },
      `--wikipedia-state=${state}`,
    );
    assertEquals(status, 1, state);
  }
  assertEquals(namesIn(temp.file("data")), []);
});

Deno.test("a source that is not there is an error", async () => {
  using temp = new TempFolder();
  const { status, stdout, stderr } = await updatePorts(
    temp,
    ...["--iana", temp.file("missing.csv"), "--out", temp.path],
  );
  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, "update-ports: ");
  assertEquals(temp.names(), []);
});

Deno.test("what the script does not know is named, with status 2", async () => {
  using temp = new TempFolder();
  for (const argument of ["--unknown", "--inaa=x.csv", "x.csv", "-o"]) {
    const { status, stdout, stderr } = await updatePorts(temp, argument);
    assertEquals([status, stdout], [2, ""]);
    assertStringIncludes(stderr, `update-ports: unknown argument ${argument}`);
    assertStringIncludes(stderr, "Usage: ");
  }
});

Deno.test("--help prints the usage and does nothing else", async () => {
  using temp = new TempFolder();
  const { status, stdout, stderr } = await updatePorts(temp, "--help");
  assertEquals([status, stderr], [0, ""]);
  assertMatch(stdout, /^Usage: .*\n[\s\S]*--iana FILE/);
});

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    namesIn(folder).map((
      name,
    ) => [name, Deno.readTextFileSync(`${folder}/${name}`)]),
  );
}
