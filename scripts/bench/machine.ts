import { VERSION } from "../../lib/cli/commands/version.ts";
import { otherVersions } from "./others.ts";
import type { Programs } from "./programs.ts";
import { runTool } from "./run_tool.ts";

/** What the figures were taken on. */
export interface Machine {
  /** The day, as 2026-12-31. */
  readonly date: string;
  readonly cores: number;
  readonly processor: string;
  readonly system: string;
  /** How busy the machine was before the bench began. */
  readonly load: number;
  /** What was measured, in which version. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Describes this machine. */
export async function describeMachine(
  programs: Programs,
  npm: string,
): Promise<Machine> {
  const versions: Record<string, string | undefined> = {
    "port-for": VERSION,
    Deno: Deno.version.deno,
    Bun: await said([programs.bun, "--version"]),
    Node: (await said(["node", "--version"]))?.replace(/^v/, ""),
    ...await otherVersions(npm),
  };
  if (programs.python) {
    versions["Debian's Python port-for"] = await said(
      ["dpkg-query", "-W", "-f", "${Version}", "python3-port-for"],
    );
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    cores: navigator.hardwareConcurrency,
    processor: await processorName(),
    system: await systemName(),
    load: Deno.loadavg()[0]!,
    versions: Object.fromEntries(
      Object.entries(versions).filter(([, version]) => version),
    ) as Record<string, string>,
  };
}

async function processorName(): Promise<string> {
  const name = Deno.build.os === "darwin"
    ? await said(["sysctl", "-n", "machdep.cpu.brand_string"])
    : /^model name\s*: (.*)$/m.exec(textOf("/proc/cpuinfo"))?.[1];
  return name ?? Deno.build.arch;
}

async function systemName(): Promise<string> {
  const kernel = await said(["uname", "-sr"]) ?? Deno.build.os;
  const name = /^PRETTY_NAME="(.*)"$/m.exec(textOf("/etc/os-release"))?.[1];
  return name === undefined ? kernel : `${name}, ${kernel}`;
}

async function said(words: readonly string[]): Promise<string | undefined> {
  try {
    return (await runTool(words)).trim();
  } catch {
    return undefined;
  }
}

function textOf(file: string): string {
  try {
    return Deno.readTextFileSync(file);
  } catch {
    return "";
  }
}
