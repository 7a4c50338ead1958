/**
 * Draws docs/terminal.svg: a terminal with the real output of the program, on
 * the machine that tests the documentation. Run it with `deno task docs`.
 *
 * @module
 */
import { typeCommands } from "../tests/support/reader.ts";

/** Not shown: a project, a worktree of it, and a server. */
const PROJECTS = "git init -q shop && cd shop && git -c user.name=Ada " +
  "-c user.email=ada@example.com commit -q --allow-empty -m Begin && " +
  "git worktree add -q ../shop-fix";
const SERVER = 'cd ~/shop && listen vite "$(port-for --here --get web)"';

/** The commands that are shown. */
const COMMANDS: readonly string[] = [
  "cd ~/shop && port-for --here web db",
  "cd ~/shop-fix && port-for --here web db",
  "port-for --user --status",
  "port-for --explain 3000",
];

/** The server is started after this many commands. */
const SERVED_AFTER = 2;

/** Colours for terminal codes, readable on a dark background. */
const COLOURS: Readonly<Record<string, string>> = {
  "1": "#ffffff",
  "2": "#8b949e",
  "31": "#ff7b72",
  "32": "#56d364",
  "33": "#e3b341",
};

const GROUND = "#0d1117";
const TEXT = "#e6edf3";
const CHARACTER = 8.4;
const LINE = 20;
const BORDER = 16;

/** Draws the picture. */
export async function terminalSvg(): Promise<string> {
  const typed = COMMANDS.map((command) =>
    `script -qec 'stty cols 80; ${command}' /dev/null`
  );
  const [, ...outputs] = await typeCommands([
    PROJECTS,
    ...typed.slice(0, SERVED_AFTER),
    SERVER,
    ...typed.slice(SERVED_AFTER),
  ]);
  outputs.splice(SERVED_AFTER, 1);
  return drawn(COMMANDS.flatMap((command, at) => [
    `\x1b[2m$\x1b[0m \x1b[1m${command}\x1b[0m`,
    ...outputs[at]!.trimEnd().split(/\r?\n/),
  ]));
}

function drawn(lines: readonly string[]): string {
  const columns = Math.max(...lines.map((line) => plain(line).length));
  const width = Math.ceil(columns * CHARACTER + 2 * BORDER);
  const height = lines.length * LINE + 2 * BORDER;
  const rows = lines.map((line, at) =>
    `<text x="${BORDER}" y="${BORDER + LINE * at + 14}">${
      coloured(line)
    }</text>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="${width}" ` +
    `height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>port-for in a terminal</title>
<style>text { font: 14px ui-monospace, Menlo, Consolas, monospace; fill: ${TEXT}; white-space: pre }</style>
<rect width="${width}" height="${height}" rx="8" fill="${GROUND}" stroke="#30363d"/>
${rows.join("\n")}
</svg>
`;
}

/** Renders a line with colours. */
function coloured(line: string): string {
  const [first = "", ...parts] = pidless(line).split(ESCAPE_CODE);
  let text = escaped(first);
  for (let at = 0; at < parts.length; at += 2) {
    const colour = COLOURS[parts[at]!];
    const part = escaped(parts[at + 1]!);
    text += colour && part ? `<tspan fill="${colour}">${part}</tspan>` : part;
  }
  return text;
}

function plain(line: string): string {
  return pidless(line).split(ESCAPE_CODE).filter((_, at) => at % 2 === 0)
    .join("");
}

/** Replaces process ids, which differ each time. */
function pidless(line: string): string {
  return line.replace(/pid \d+/g, "pid 4711");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

// deno-lint-ignore no-control-regex
const ESCAPE_CODE = /\x1b\[(\d*)m/;

if (import.meta.main) {
  const path = new URL("../docs/terminal.svg", import.meta.url);
  await Deno.writeTextFile(path, await terminalSvg());
}
