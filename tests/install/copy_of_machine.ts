import { type Outcome, runTool, works } from "../support/program.ts";
import type { TempFolder } from "../support/temp.ts";

/**
 * Mounts a copy of the machine's root, whose changes are kept in memory, and
 * runs `$1` there; says at last which files it left, but those of package
 * managers' own.
 */
const SCRIPT = `
set -eu
mount -t tmpfs none "$0/copy"
cd "$0/copy"
mkdir changes work root
mount -t overlay -o "lowerdir=/,upperdir=changes,workdir=work" none root
mount --rbind /proc root/proc
mount --rbind /dev root/dev
mkdir -p "root$0"
mount --bind "$0" "root$0"
chroot root sh -euc "cd '$0'; $1"
echo left:
cd changes
find . -type f ! -path './var/*'
`;

/** Whether a copy of this machine can be made. That takes root. */
export const canCopyMachine: boolean = works(
  ...["unshare", "--mount", "sh", "-euc"],
  "mount -t tmpfs none /mnt && cd /mnt && mkdir u w m && " +
    "mount -t overlay -o lowerdir=/,upperdir=u,workdir=w none m",
);

/** Runs a script as root in a copy of this machine, from a shared folder. */
export function inCopyOfMachine(
  script: string,
  temp: TempFolder,
): Promise<Outcome> {
  Deno.mkdirSync(temp.file("copy"), { recursive: true });
  return runTool(
    ["unshare", "--mount", "sh", "-c", SCRIPT, temp.path, script],
    { env: { HOME: "/root", DEBIAN_FRONTEND: "noninteractive" } },
  );
}
