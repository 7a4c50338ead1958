import { assertEquals, equal } from "@std/assert";
import { readPythonConf } from "../../lib/cli/python_conf.ts";
import { refused } from "../support/refused.ts";
import { hasTool } from "../support/tools.ts";

const PYTHON = "/usr/bin/python3";

/** The associations in a text. */
function read(text: string): Record<string, number> {
  const associations = readPythonConf(text, "port-for.conf");
  for (const { count } of associations) assertEquals(count, 1);
  return Object.fromEntries(associations.map(({ name, port }) => [name, port]));
}

/** The same, or the message of the refusal. */
function whatIsRead(text: string): Record<string, number> | string {
  try {
    return read(text);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Asserts that a text cannot be imported, and that these parts say why. */
async function assertRefused(text: string, ...why: string[]): Promise<void> {
  const parts = ["cannot import port-for.conf: ", ...why];
  await refused("FAILED", () => read(text), ...parts);
}

/** Files that mean to configparser what they mean to port-for. */
const ALIKE: Readonly<Record<string, string>> = {
  "as the Python port-for writes it": "[DEFAULT]\nweb = 8001\ndb = 8002\n\n",
  "nothing": "",
  "blank lines": "\n \n\n",
  "a header alone": "[DEFAULT]\n",
  "colons": "[DEFAULT]\nweb: 8001\ndb:8002\ncache :8003\n",
  "no blanks": "[DEFAULT]\nweb=8001\n",
  "many blanks": "[DEFAULT]\nweb\t =\t  8001 \t\n",
  "blanks in names": "[DEFAULT]\nmy web  server = 8001\n",
  "no end of line": "[DEFAULT]\nweb = 8001",
  "CRLF": "[DEFAULT]\r\nweb = 8001\r\n\r\ndb = 8002\r\n",
  "CR": "[DEFAULT]\rweb = 8001\rdb = 8002\r",
  "CRLF and a continuation": "[DEFAULT]\r\nweb =\r\n  8001\r\ndb = 8002\r\n",
  "comments":
    "# a\n; b\n[DEFAULT]\n#c = 1\nweb = 8001\n;d = 2\n  # e\ndb = 8002\n",
  "a comment below a value": "[DEFAULT]\nweb = 8001\n  ; the shop\ndb = 8002\n",
  "a word that other INI files comment with": "[DEFAULT]\nrem web = 8001\n",
  "upper case": "[DEFAULT]\nWEB = 8001\nGRÖSSE = 8002\nΟΔΟΣ = 8003\n",
  "an upper case letter that becomes two": "[DEFAULT]\nİx = 8001\n",
  "a value on the next line": "[DEFAULT]\nweb =\n  8001\ndb = 8002\n",
  "a value on the next line but one": "[DEFAULT]\nweb =\n\n  8001\n",
  "a comment within a value": "[DEFAULT]\nweb =\n# here:\n  8001\n",
  "a tab before the value": "[DEFAULT]\nweb =\n\t8001\ndb = 8002\n",
  "indented entries": "[DEFAULT]\n  web = 8001\n  db = 8002\n",
  "entries indented less and less": "[DEFAULT]\n   web = 8001\n db = 8002\n",
  "an indented header": "  [DEFAULT]\nweb = 8001\n",
  "a header that goes on with another value":
    "[other]\ncolour = 1\n  [DEFAULT]\nweb = 8001\n",
  "text behind the header": "[DEFAULT] is the section ; here\nweb = 8001\n",
  "another section first": "[other]\ndb = 8002\n[DEFAULT]\nweb = 8001\n",
  "another section after it":
    "[DEFAULT]\nweb = 8001\n[other]\ndb = 8002\nx = %\n",
  "the section twice": "[DEFAULT]\nweb = 8001\n[x]\n[DEFAULT]\ndb = 8002\n",
  "a section of another case": "[default]\nweb = 8001\n",
  "a section with blanks": "[ DEFAULT ]\nweb = 8001\n",
  "a section with a bracket": "[a]b]\nweb = 8001\n",
  "a name in brackets": "[DEFAULT]\n[web] = 8001\ndb = 8002\n",
  "half a name in brackets": "[DEFAULT]\n[web = 8001\n",
  "quotes": "[DEFAULT]\n'web' = 8001\n\"db\" = 8002\n",
  "leading zeros": "[DEFAULT]\nweb = 008001\n",
  "the highest port": "[DEFAULT]\nweb = 65535\nlow = 1\n",
  "percent signs in names":
    "[DEFAULT]\na%b = 8001\na%%b = 8002\n%(a)s = 8003\n",
  "a value from another": "[DEFAULT]\na = 80\nb = %(a)s01\n",
  "a value from another of another case": "[DEFAULT]\na = 80\nB = %(A)s01\n",
  "a value from another, zeros kept": "[DEFAULT]\na = 007\nb = 1%(a)s\n",
  "a value from one below": "[DEFAULT]\nb = %(a)s01\na = 80\n",
  "a value in three steps": "[DEFAULT]\na = 1%(b)s\nb = 2%(c)s\nc = 3\n",
  "names of an object's own":
    "[DEFAULT]\n__proto__ = 8001\nconstructor = 8002\n",
  "a name with a line separator": "[DEFAULT]\nx\u2028y = 8001\n",
  "a blank of another kind": "[DEFAULT]\nweb\u00a0= 8001\n",
};

/** Files that both refuse, and a part of what port-for says. */
const REFUSED: Readonly<Record<string, readonly [text: string, why: string]>> =
  {
    "no section": ["web = 8001\n", "line 1"],
    "a comment, but no section": ["# a\n\nweb = 8001\n", "line 3"],
    "an open header": ["[DEFAULT\nweb = 8001\n", "line 1"],
    "an empty header": ["[]\nweb = 8001\n", "line 1"],
    "a name twice": ["[DEFAULT]\nweb = 8001\nweb = 8001\n", 'line 3: "web"'],
    "a name in two cases": ["[DEFAULT]\nWeb = 8001\nweb = 8002\n", "line 3"],
    "a name twice, in two parts": [
      "[DEFAULT]\nweb = 8001\n[x]\n[DEFAULT]\nweb = 8002\n",
      "line 5",
    ],
    "no value": ["[DEFAULT]\nweb\n", "line 2"],
    "no name": ["[DEFAULT]\n= 8001\n", "line 2"],
    "an empty value": ["[DEFAULT]\nweb =\n", 'line 2: the port of "web"'],
    "a word": ["[DEFAULT]\nweb = abc\n", '"abc"'],
    "a comment behind a value": ["[DEFAULT]\nweb = 8001 # a\n", "8001 # a"],
    "two delimiters": ["[DEFAULT]\nhttp://x = 8001\n", '"http"'],
    "a fraction": ["[DEFAULT]\nweb = 8001.0\n", "8001.0"],
    "hexadecimal": ["[DEFAULT]\nweb = 0x1f41\n", "0x1f41"],
    "quotes around a value": ['[DEFAULT]\nweb = "8001"\n', '"web"'],
    "a value of two lines": ["[DEFAULT]\nweb = 80\n  01\n", '"web"'],
    "an entry indented too far": [
      "[DEFAULT]\nweb = 8001\n  db = 8002\n",
      '"web"',
    ],
    "a lone percent sign": ["[DEFAULT]\nweb = 8001%\n", "8001%"],
    "a doubled percent sign": ["[DEFAULT]\nweb = 80%%01\n", '"web"'],
    "a number format": ["[DEFAULT]\na = 8001\nb = %(a)d\n", '"b"'],
    "a value from nowhere": ["[DEFAULT]\nweb = %(none)s\n", '"web"'],
    "a value from itself": ["[DEFAULT]\nweb = %(web)s\n", '"web"'],
    "values from each other": ["[DEFAULT]\na = %(b)s\nb = %(a)s\n", '"a"'],
  };

/** What a list of texts means to configparser; text for what it refuses. */
function configparserReads(
  texts: readonly string[],
): (Record<string, number> | string)[] {
  // As PortStore.bound_ports reads its file, which is opened as text.
  const program = `
import configparser, io, json, sys
def read(text):
    parser = configparser.ConfigParser()
    try:
        parser.read_file(io.StringIO(text, newline=None))
        return {name: int(port) for name, port in parser.items("DEFAULT")}
    except (configparser.Error, ValueError) as error:
        return type(error).__name__
print(json.dumps([read(text) for text in json.load(open(sys.argv[1]))]))
`;
  const file = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(file, JSON.stringify(texts));
    const { success, stdout, stderr } = new Deno.Command(PYTHON, {
      args: ["-I", "-S", "-c", program, file],
    }).outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    Deno.removeSync(file);
  }
}

Deno.test({
  name: "a file means what it means to Python's configparser",
  ignore: !hasTool(PYTHON, "--version"),
  fn: () => {
    const expected = configparserReads(Object.values(ALIKE));

    const differences = Object.entries(ALIKE).flatMap(([kind, text], at) => {
      const [wanted, found] = [expected[at], whatIsRead(text)];
      return equal(wanted, found) ? [] : [{ kind, wanted, found }];
    });
    assertEquals(differences, []);
  },
});

Deno.test({
  name:
    "a file that configparser refuses is refused too, and says where and why",
  ignore: !hasTool(PYTHON, "--version"),
  fn: async () => {
    const found = configparserReads(
      Object.values(REFUSED).map(([text]) => text),
    );

    for (const [at, [kind, [text, why]]] of Object.entries(REFUSED).entries()) {
      assertEquals(typeof found[at], "string", kind);
      await assertRefused(text, why);
    }
  },
});

Deno.test("what configparser takes but is no port, or no name, is refused", async () => {
  for (
    const [entry, why] of [
      ["web = 0", '"0"'],
      ["web = -1", '"-1"'],
      ["web = 65536", '"65536"'],
      ["web = +8001", '"+8001"'],
      ["web = 8_001", '"8_001"'],
      ["web = ٨٠٠١", "٨٠٠١"],
      ["-web = 8001", 'begins with "-"'],
      ["a\tb = 8001", "control characters"],
      [`${"x".repeat(256)} = 8001`, "256 characters"],
    ] as const
  ) {
    await assertRefused(`[DEFAULT]\n${entry}\n`, "line 2: ", why);
  }
});

Deno.test("every line that is wrong is named at once, and who has a port already", async () => {
  for (const value of ["8001", "%(web)s", "08001"]) {
    const text = `[DEFAULT]\nweb = 8001\ndb = ${value}\n`;
    await assertRefused(text, "line 3: port 8001", '"web"', '"db"');
  }
  await assertRefused(
    "[DEFAULT]\nweb = 8001\ndb\ncache = abc\nweb = 8002\nx = 8001\n",
    ...["line 3:", "line 4:", "line 5:", "line 6:"],
  );
});

Deno.test("a byte order mark, and faults in other sections, do no harm", () => {
  // Python stumbles over these; what they say is clear all the same.
  for (
    const text of [
      "\ufeff[DEFAULT]\nweb = 8001\n",
      "[DEFAULT]\nweb = 8001\n[other]\nnonsense\n",
      "[DEFAULT]\nweb = 8001\n[other]\na = 1\na = 2\n[other]\n",
    ]
  ) {
    assertEquals(read(text), { web: 8001 });
  }
});
