import { assertEquals, assertStringIncludes } from "@std/assert";
import { runOn } from "../support/command_line.ts";
import {
  realMachine,
  RESERVED_FILE,
  systemError,
} from "../support/fake_runtime.ts";
import { asUser, NOBODY, type Outcome } from "../support/program.ts";
import { canReserve, FOREIGN, Machine } from "../support/machine.ts";
import { TempFolder } from "../support/temp.ts";

const ignore = !canReserve;

/** Every kind of call that changes what is reserved. */
const ADDING: readonly (readonly string[])[] = [
  ["--reserve", "new"],
  ["--reserve", "plain"],
  ["--reserve", "new", "plain"],
];
const CALLS = [...ADDING, ["--unbind=kept"]];

/** A machine with one name that is reserved and one that is not. */
async function twoKinds(): Promise<Machine> {
  const machine = await Machine.of({ reserved: FOREIGN });
  await machine.port("plain");
  await machine.port("--reserve", "kept");
  return machine;
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
    assertEquals(await machine.state(), before, args.join(" "));
  }
}

Deno.test({
  name: "a user who may not reserve is told so, and nothing is changed",
  ignore,
  fn: async () => {
    await using machine = await twoKinds();
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
});

Deno.test({
  name: "where /proc/sys is read-only nothing is changed",
  ignore,
  fn: async () => {
    await using machine = await twoKinds();
    await machine.shell(
      "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys",
    );
    await assertRefused(machine, "/proc/sys is read-only");
    await machine.port("new");
  },
});

Deno.test({
  name: "where the kernel has no such list nothing is changed",
  ignore,
  fn: async () => {
    await using machine = await twoKinds();
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
});

Deno.test({
  name: "where the sysctl folder is read-only nothing is changed",
  ignore,
  fn: async () => {
    await using machine = await twoKinds();
    const folder = machine.sysctlFolder;
    await machine.shell(
      `mount --bind ${folder} ${folder}; mount -o remount,bind,ro ${folder}`,
    );
    await assertRefused(machine, "the file system is read-only");
  },
});

Deno.test({
  name: "where the sysctl folder is full nothing is changed",
  ignore,
  fn: async () => {
    // Full of bytes, and full of files.
    for (const options of ["size=8k", "nr_inodes=4"]) {
      await using machine = await Machine.of({ reserved: FOREIGN });
      await machine.shell(
        `mount -t tmpfs -o ${options} none ${machine.sysctlFolder}`,
      );
      await machine.port("plain");
      await machine.port("--reserve", "kept");
      await machine.shell(
        `cd ${machine.sysctlFolder}
        for name in 1 2 3; do head -c 8192 /dev/zero > $name || break; done 2>&-`,
      );
      // To take the last name away makes room.
      await assertRefused(machine, "no space is left on the device", ADDING);
    }
  },
});

Deno.test({
  name: "where the sysctl folder is no folder nothing is changed",
  ignore,
  fn: async () => {
    await using machine = await Machine.of({ reserved: FOREIGN });
    await machine.port("plain");
    Deno.removeSync(machine.sysctlFolder);
    machine.temp.write("sysctl.d", "");
    const before = await machine.state();
    const { status, stdout, stderr } = await machine.portFor(
      "--reserve",
      "new",
    );
    assertEquals([status, stdout], [1, ""]);
    assertStringIncludes(stderr, machine.sysctlFolder);
    assertEquals(await machine.state(), before);
  },
});

Deno.test({
  name: "who takes a name away is not told to do without --reserve",
  ignore,
  fn: async () => {
    await using machine = await twoKinds();
    await machine.shell(
      "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys",
    );
    const { stderr } = await machine.portFor("--unbind=kept");
    assertEquals(stderr.includes("do without --reserve"), false, stderr);
  },
});

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
      }));
      assertEquals(status, 1, os);
      assertStringIncludes(said, "only Linux can do that");
      assertEquals(temp.read("ports.toml"), "[ports]\nplain = 21000\n");
    }
  }
});
