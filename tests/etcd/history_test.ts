/**
 * The checkers of histories find what is wrong in them.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  type Call,
  type Event,
  faultsIn,
  impossible,
} from "../support/history.ts";

function call(
  kind: Call["kind"],
  result: Call["result"],
  start: number,
  end: number,
): Call {
  return { name: "web", kind, result, start, end };
}

Deno.test("histories that one store could have are possible", () => {
  for (
    const calls of [
      [call("give", 1, 0, 1), call("give", 1, 2, 3), call("get", 1, 4, 5)],
      [
        call("give", 1, 0, 1),
        call("release", null, 2, 3),
        call("give", 2, 4, 5),
      ],
      // At the same time, in the order that fits.
      [call("get", null, 0, 9), call("give", 1, 0, 9), call("get", 1, 0, 1)],
      [
        call("give", 1, 0, 9),
        call("release", null, 0, 9),
        call("give", 2, 1, 8),
      ],
      // Nobody knows whether, and when.
      [
        call("give", "unknown", 0, 1),
        call("get", null, 2, 3),
        call("get", 7, 4, 5),
      ],
      [call("give", "unknown", 0, 1), call("get", null, 2, 3)],
      [
        call("give", 1, 0, 1),
        call("release", "unknown", 2, 3),
        call("get", 1, 4, 5),
        call("get", null, 6, 7),
      ],
    ]
  ) assertEquals(impossible(calls), []);
});

Deno.test("histories that no one store could have are impossible", () => {
  for (
    const calls of [
      // Two ports, and nobody gave the name up.
      [call("give", 1, 0, 1), call("give", 2, 2, 3)],
      [call("give", 1, 0, 9), call("give", 2, 0, 9)],
      // An answer that nobody wrote; one from the past.
      [call("get", 1, 0, 1)],
      [call("give", 1, 0, 1), call("get", null, 2, 3)],
      [
        call("give", 1, 0, 1),
        call("release", null, 2, 3),
        call("get", 1, 4, 5),
      ],
      // What may have happened happened at most once, and not before.
      [
        call("give", "unknown", 2, 3),
        call("get", 7, 0, 1),
      ],
      [
        call("give", 1, 0, 1),
        call("release", "unknown", 2, 3),
        call("get", null, 4, 5),
        call("give", 2, 6, 7),
        call("give", 3, 8, 9),
      ],
    ]
  ) assertEquals(impossible(calls), ["web"]);
});

Deno.test("a history of revisions shows what is wrong in it", () => {
  const put = (revision: number, key: string, value: string, lease = "0") =>
    ({ revision, key, value, lease }) satisfies Event;
  const drop = (revision: number, key: string) =>
    ({ revision, key, value: undefined, lease: "0" }) satisfies Event;
  const web = (revision: number, port: number, lease = "0") => [
    put(revision, "name/web", `{"port":${port},"count":1}`, lease),
    put(revision, `port/${port}`, "web", lease),
  ];
  const gone = (revision: number, port: number) => [
    drop(revision, "name/web"),
    drop(revision, `port/${port}`),
  ];
  assertEquals(
    faultsIn([...web(2, 2000), ...gone(3, 2000), ...web(4, 2001)]),
    [],
  );
  for (
    const events of [
      [...web(2, 2000), ...web(3, 2001)],
      [...web(2, 2000), drop(3, "name/web")],
      [...web(2, 2000), drop(3, "port/2000")],
      [...web(2, 2000), put(3, "port/2000", "db")],
      [...web(2, 2000), put(3, "name/web", '{"port":2000,"count":1}', "5")],
      [put(2, "port/2000", "web")],
    ]
  ) assert(faultsIn(events).length > 0);
});
