import { assertEquals } from "@std/assert";
import { publishedHere } from "../../lib/machine/node.ts";
import type { FileFacts, Runtime } from "../../lib/runtime/runtime.ts";
import {
  bareMachine,
  onlyFiles,
  systemError,
} from "../support/fake_runtime.ts";

/** A Linux with these paths, and processes with these command lines. */
function linux(
  paths: readonly string[],
  commands: Readonly<Record<number, readonly string[]>> = {},
): Runtime {
  const files = Object.entries(commands).map(([pid, words]) =>
    [`/proc/${pid}/cmdline`, words.map((word) => `${word}\0`).join("")] as const
  );
  return bareMachine({
    os: "linux",
    stat: (path) => {
      if (!paths.includes(path)) throw systemError("ENOENT");
      return { kind: "folder" } as FileFacts;
    },
    // A process that has just ended is listed, too.
    readFolder: () => ["self", "net", "7", ...Object.keys(commands)],
    readFile: onlyFiles(Object.fromEntries(files)),
  });
}

const USUAL = { first: 30000, last: 32767 };

Deno.test("what an orchestrator leaves on a machine makes it a node", () => {
  for (
    const sign of [
      "/var/lib/kubelet",
      "/etc/kubernetes",
      "/etc/rancher",
      "/var/lib/docker/swarm",
    ]
  ) assertEquals(publishedHere(linux([sign])), { range: USUAL, sign });
  assertEquals(publishedHere(linux(["/var/lib/docker", "/etc"])), undefined);
});

Deno.test("an API server that was given another range publishes there", () => {
  const flag = "--service-node-port-range";
  for (const words of [[`${flag}=20000-21999`], [flag, "20000-21999"]]) {
    const node = linux(["/etc/kubernetes"], {
      12: ["bash", "-c", "sleep 1"],
      34: ["/usr/bin/kube-apiserver", "--v=2", ...words, "--token-ttl=5"],
    });
    assertEquals(publishedHere(node), {
      range: { first: 20000, last: 21999 },
      sign: `${flag} of process 34`,
    });
  }
});

Deno.test("what no server would take for a range is no sign", () => {
  for (const range of ["9-5", "1-70000", "x", ""]) {
    const words = ["kube-apiserver", `--service-node-port-range=${range}`];
    assertEquals(publishedHere(linux([], { 34: words })), undefined, range);
  }
});

Deno.test("other systems are no nodes, nor is a Linux without /proc", () => {
  assertEquals(publishedHere(bareMachine({ os: "darwin" })), undefined);
  const bare = linux([]);
  bare.readFolder = () => {
    throw systemError("ENOENT");
  };
  assertEquals(publishedHere(bare), undefined);
});
