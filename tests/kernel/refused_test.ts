import { assertEquals, assertStringIncludes } from "@std/assert";
import { runOn } from "../support/command_line.ts";
import {
  realMachine,
  RESERVED_FILE,
  systemError,
} from "../support/fake_runtime.ts";
import { FOREIGN, type Machine, onMachine } from "../support/machine.ts";
import { asUser, NOBODY, type Outcome } from "../support/program.ts";
import { TempFolder } from "../support/temp.ts";

/** Every kind of call that changes what is reserved. */
const ADDING: readonly (readonly string[])[] = [
  ["--reserve", "new"],
  ["--reserve", "plain"],
  ["--reserve", "new", "plain"],
];
const CALLS = [...ADDING, ["--unbind=kept"]];

/** A test with one name that is reserved and one that is not. */
function withTwoKinds(
  name: string,
  run: (machine: Machine) => Promise<void>,
  mounts = ":",
): void {
  onMachine(name, { reserved: FOREIGN }, async (machine) => {
    await machine.shell(mounts);
    await machine.port("plain");
    await machine.port("--reserve", "kept");
    await run(machine);
  });
}

/** Asserts that calls fail for a reason, and change nothing. */
async function assertRefused(
  machine: Machine,
  reason: string,
  calls: readonly (readonly string[])[] = CALLS,
  call = (args: readonly string[]): Promise<Outcome> =>
    machine.portFor(...args),
): Promise<void> {
  const before = await machine.state();
  for (const args of calls) {
    const { status, stdout, stderr } = await call(args);
    assertEquals([status, stdout], [1, ""], args.join(" "));
    assertStringIncludes(stderr, reason);
    // Who takes a name away is not told to do without --reserve.
    const unbinds = args[0]!.startsWith("--unbind");
    assertEquals(/without --reserve/.test(stderr) && unbinds, false, stderr);
    assertEquals(await machine.state(), before, args.join(" "));
  }
}

withTwoKinds(
  "a user who may not reserve is told so, and nothing is changed",
  async (machine) => {
    const user = await asUser(NOBODY, machine.temp);
    // The store and its folder are this user's: the kernel is not.
    for (const path of [machine.temp.path, machine.store]) {
      Deno.chownSync(path, NOBODY, NOBODY);
    }
    Deno.removeSync(`${machine.store}.lock`);
    await assertRefused(
      machine,
      "permission denied",
      CALLS,
      (args) => machine.portForAs(user, ...args),
    );
    assertEquals((await machine.portForAs(user, "new")).status, 0);
  },
);

for (
  const [what, folder, reason] of [
    ["/proc/sys", "/proc/sys", "read-only"],
    ["the sysctl folder", "$PORT_FOR_SYSCTL_DIR", "read-only"],
  ] as const
) {
  withTwoKinds(
    `where ${what} is read-only nothing is changed`,
    async (machine) => {
      await machine.shell(
        `mount --bind ${folder} ${folder}; mount -o remount,bind,ro ${folder}`,
      );
      await assertRefused(machine, reason);
      await machine.port("new");
    },
  );
}

withTwoKinds(
  "where the kernel has no such list nothing is changed",
  async (machine) => {
    const before = await machine.state();
    await machine.shell("mount -t tmpfs none /proc/sys/net/ipv4");
    for (const args of CALLS) {
      const { status, stdout, stderr } = await machine.portFor(...args);
      assertEquals([status, stdout], [1, ""]);
      assertStringIncludes(stderr, RESERVED_FILE);
    }
    await machine.shell("umount /proc/sys/net/ipv4");
    assertEquals(await machine.state(), before);
  },
);

// Full of bytes, and full of files.
for (const options of ["size=8k", "nr_inodes=4"]) {
  withTwoKinds(
    `where the sysctl folder is full (${options}) nothing is changed`,
    async (machine) => {
      await machine.shell(
        `cd ${machine.sysctlFolder}
        for name in 1 2 3; do head -c 8192 /dev/zero > $name || break; done 2>&-`,
      );
      // To take the last name away makes room.
      await assertRefused(machine, "no space is left", ADDING);
    },
    `mount -t tmpfs -o ${options} none $PORT_FOR_SYSCTL_DIR`,
  );
}

onMachine(
  "where the sysctl folder is not a folder nothing is changed",
  { reserved: FOREIGN },
  async (machine) => {
    await machine.port("plain");
    Deno.removeSync(machine.sysctlFolder);
    machine.temp.write("sysctl.d", "");
    await assertRefused(machine, machine.sysctlFolder, ADDING);
  },
);

Deno.test("on other systems nothing is reserved, and the reason is given", async () => {
  for (const os of ["darwin", "freebsd", "windows"]) {
    using temp = new TempFolder();
    const path = temp.write("ports.toml", "[ports]\nplain = 21000\n");
    for (const args of [["new"], ["plain"], []]) {
      let said = "";
      const status = await runOn(realMachine({
        os,
        args: [`--store=${path}`, "--reserve", ...args],
        env: () => undefined,
        run: () => {
          throw systemError("ENOENT");
        },
        writeOut: (text) => void (said += text),
        writeError: (text) => void (said += text),
        isErrorTerminal: () => false,
      }));
      assertEquals(status, 1, os);
      assertStringIncludes(said, "Linux");
      assertEquals(temp.read("ports.toml"), "[ports]\nplain = 21000\n");
    }
  }
});
