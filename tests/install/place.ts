import { runTool } from "../support/program.ts";
import type { WebServer } from "../support/http.ts";
import { TempFolder } from "../support/temp.ts";
import { hasTool } from "../support/tools.ts";
import {
  type InstallOptions,
  Machine,
  type MachineFacts,
  SHELLS,
} from "./machine.ts";

/** An old version. */
export const OLD = "#!/bin/sh\necho old\n";

/** Where a test installs. */
export class Place {
  /** The folder to install to. */
  readonly bin: string;
  /** Where the man page and completions go. */
  readonly share: string;

  constructor(
    readonly temp: TempFolder,
    readonly shell: readonly string[],
    readonly machine: Machine,
  ) {
    this.bin = temp.file("prefix/bin");
    this.share = temp.file("prefix/share");
  }

  /** What the script is run with. */
  environment(server: WebServer): Record<string, string> {
    return {
      PATH: this.machine.path,
      PORT_FOR_BASE_URL: server.url,
      PORT_FOR_BIN: this.bin,
    };
  }

  /** Runs the script. */
  install(
    server: WebServer,
    env: Readonly<Record<string, string | undefined>> = {},
    options: InstallOptions = {},
  ) {
    const all = { ...this.environment(server), ...env };
    return this.machine.install(this.shell, all, options);
  }

  /** Runs the script to take away what it has installed. */
  uninstall(env: Readonly<Record<string, string | undefined>> = {}) {
    return this.machine.install(
      this.shell,
      { PATH: this.machine.path, PORT_FOR_BIN: this.bin, ...env },
      { args: ["--uninstall"] },
    );
  }

  /** Puts an old version where the new one goes. */
  putOld(): void {
    Deno.mkdirSync(this.bin, { recursive: true });
    Deno.writeTextFileSync(`${this.bin}/port-for`, OLD);
  }

  /** What is installed; `undefined` for nothing. */
  installed(): string | undefined {
    return this.names().includes("port-for")
      ? Deno.readTextFileSync(`${this.bin}/port-for`)
      : undefined;
  }

  /** What is in the folder to install to. */
  names(): string[] {
    try {
      return [...Deno.readDirSync(this.bin)].map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** All files and folders where it installs, with their modes. */
  async tree(): Promise<string[]> {
    const { stdout } = await runTool([
      ...["find", this.temp.file("prefix"), "-printf", "%m %y %p\\n"],
    ]);
    return stdout.trim().split("\n").sort();
  }
}

/** Tests install.sh with every shell that must run it. */
export function testInstall(
  title: string,
  run: (place: Place) => Promise<void>,
  { facts = {}, ignore = false, shells = SHELLS }: {
    facts?: MachineFacts;
    ignore?: boolean;
    shells?: typeof SHELLS;
  } = {},
): void {
  for (const shell of shells) {
    Deno.test(
      `install.sh with ${shell.join(" ")} ${title}`,
      { ignore: ignore || !hasTool(...shell, "-c", ":") },
      async () => {
        using temp = new TempFolder();
        await run(new Place(temp, shell, await Machine.in(temp, facts)));
      },
    );
  }
}
