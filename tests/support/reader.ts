/**
 * A machine as a reader of the documentation has it: Ada's, with a home, a
 * `port-for` and a `sudo`, a network where nothing listens and an /etc of its
 * own. Whatever happens there ends with the call. Linux only, and takes root.
 *
 * @module
 */
import { isRoot } from "./namespace.ts";
import { HIDE_PROMISES } from "./mounts.ts";
import { asUser, reachable, runTool, works } from "./program.ts";
import { TempFolder } from "./temp.ts";

/** Whether there can be such a machine. In CI there has to be. */
export const hasReaders: boolean = isRoot &&
  (Deno.env.has("CI") ||
    works("unshare", "--net", "--mount", "--pid", "--fork", "true"));

/** Ada's number. */
const ADA = 1000;

/**
 * `listen NAME PORT`: has a process of that name hold a port. As root, it is
 * the user postgres's.
 */
const LISTEN = `#!/bin/sh
ln -sf "$deno" "/run/$1"
test "$(id -u)" != 0 || as="setpriv --reuid=110 --regid=110 --clear-groups"
$as "/run/$1" eval --quiet \\
  "for await (const one of Deno.listen({ hostname: '127.0.0.1', port: $2 })) {
    one.close();
  }" &
until port-for --explain "$2" | grep -q "in use"; do sleep 0.1; done
`;

/** What Ada may type `sudo` in front of. */
const SUDO = `
  install -m 4755 "$(command -v setpriv)" /run/become
  printf '%s\\n' '#!/bin/sh' \\
    'export DENO_DIR="$DENO_DIR-of-root"' \\
    'exec /run/become --reuid=0 --regid=0 --clear-groups "$@"' > "$temp/bin/sudo"
  chmod 755 "$temp/bin/sudo"`;

/** A home for Ada, beside those of people, where Deno or the clone may be. */
const ONLY_ADA_IS_NEW = `
  mkdir /run/home
  mount --rbind /home /run/home
  mount -t tmpfs none /home
  for home in /run/home/*/; do
    test -d "$home" || continue
    mkdir "/home/$(basename "$home")"
    mount --rbind "$home" "/home/$(basename "$home")"
  done
  test ! -d /home/ada || umount -l /home/ada`;

const SET_UP = `
  ip link set lo up
  cp -a /etc "$temp/etc"
  rm -f "$temp"/etc/port-for.* "$temp/etc/services"
  rm -rf "$temp/etc/systemd" "$temp/etc/sysctl.d"
  for user in ada:x:${ADA}:${ADA}::/home/ada:/bin/bash postgres:x:110:110:::; do
    echo "$user"
  done | cat - /etc/passwd > "$temp/etc/passwd"
  mkdir "$temp/etc/sysctl.d"
  mount --bind "$temp/etc" /etc
  mount -t tmpfs -o mode=1777 none /run
  ${ONLY_ADA_IS_NEW}
  install -d -o ${ADA} -g ${ADA} /home/ada
  ${HIDE_PROMISES}
  ${SUDO}`;

/** What Ada runs, made once for all machines of this process. */
let programs: ReturnType<typeof readyPrograms> | undefined;

async function readyPrograms() {
  const temp = new TempFolder();
  addEventListener("unload", () => temp[Symbol.dispose]());
  const { program = [] } = await asUser(ADA, temp);
  return { program, deno: reachable(Deno.execPath(), temp) };
}

/**
 * Types commands into one shell, from its start in Ada's home to its end.
 *
 * @param commands Commands, each of which may go on for lines.
 * @returns What each printed, on either stream.
 */
export async function typeCommands(
  commands: readonly string[],
): Promise<string[]> {
  using temp = new TempFolder();
  Deno.chmodSync(temp.path, 0o755);
  const { program, deno } = await (programs ??= readyPrograms());
  for (const folder of ["bin", "out", "deno"]) {
    Deno.mkdirSync(temp.file(folder));
  }
  for (const folder of ["out", "deno"]) {
    Deno.chmodSync(temp.file(folder), 0o777);
  }
  const words = program.map((word) => `'${word}'`).join(" ");
  temp.writeProgram("bin/port-for", `#!/bin/sh\nexec ${words} "$@"\n`);
  temp.writeProgram("bin/listen", LISTEN);
  // They are written one by one: a shell that stops there has said which.
  const shell = commands.map((command, at) =>
    `{ ${command}\n} > "$out/${at}" 2>&1 < /dev/null`
  );
  temp.write(
    "commands",
    `cd\nexport out='${temp.file("out")}'\n${shell.join("\n")}\n`,
  );
  const { status, stderr } = await runTool([
    ...["timeout", "--kill-after=1", "60"],
    ...["unshare", "--net", "--mount", "--propagation", "private"],
    ...["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-euc"],
    `temp=$1; ${SET_UP}
    exec setpriv --reuid=${ADA} --regid=${ADA} --clear-groups \\
      bash "$temp/commands"`,
    ...["sh", temp.path],
  ], {
    env: {
      PATH: `${temp.file("bin")}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
      HOME: "/home/ada",
      USER: "ada",
      LANG: "C.UTF-8",
      TERM: "xterm-256color",
      // Without one, Deno complains in a terminal.
      DENO_DIR: temp.file("deno"),
      deno,
      PORT_FOR_SYSCTL_DIR: undefined,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "init.defaultBranch",
      GIT_CONFIG_VALUE_0: "main",
    },
  });
  return commands.map((command, at) => {
    try {
      return temp.read(`out/${at}`);
    } catch {
      throw new Error(`never came to "${command}" (${status}): ${stderr}`);
    }
  });
}
