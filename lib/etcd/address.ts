import { PortForError, quoted, shown } from "../error.ts";
import { isPort } from "../ports/port_range.ts";

/** The address of a store in a cluster. */
export interface EtcdAddress {
  /** The address as written. */
  readonly text: string;
  /** The members to ask, as `http://host:port` or `https://host:port`. */
  readonly endpoints: readonly string[];
  /** The prefix of all keys of the store, such as `/port-for`. */
  readonly prefix: string;
}

const SCHEME = /^(etcds?|etcd\+insecure):\/\//;

/** etcd's default port. */
const USUAL_PORT = "2379";

const USUAL_PREFIX = "/port-for";

/** The start of a URL, and hardly ever of a path. */
const ANY_SCHEME = /^[a-z][a-z\d+.-]*:\/\//i;

/** Whether a store is given as the address of a cluster and not as a path. */
export function isEtcdAddress(store: string): boolean {
  return SCHEME.test(store);
}

/**
 * Refuses other URLs: they are not paths either.
 *
 * @throws {PortForError} `BAD_INPUT`.
 */
export function refuseOtherAddress(store: string): void {
  if (!ANY_SCHEME.test(store)) return;
  throw new PortForError(
    "BAD_INPUT",
    `cannot use the store ${quoted(store)}: it is not the address of an etcd ` +
      `cluster (write etcds://, etcd:// or etcd+insecure://, or the path of ` +
      `a file)`,
  );
}

/**
 * Parses `etcd://host:2379,host2:2379/prefix`. `etcds:` uses TLS; `etcd:` is
 * only for this machine, `etcd+insecure:` for any without TLS.
 *
 * @throws {PortForError} `BAD_INPUT`.
 */
export function parseEtcdAddress(text: string): EtcdAddress {
  const wrong = (why: string) =>
    new PortForError(
      "BAD_INPUT",
      `cannot use the store ${shown(text)}: ${why}`,
    );
  if (typeof text !== "string" || !isEtcdAddress(text)) {
    throw wrong("it is not the address of a cluster");
  }
  const [whole, scheme] = SCHEME.exec(text) ?? [];
  const [, hosts = "", path = ""] =
    /^([^/]*)(.*)$/.exec(text.slice(whole?.length ?? 0)) ?? [];
  if (hosts.includes("@")) {
    throw wrong(
      "it names a user (set ETCDCTL_USER instead, and keep the password in a " +
        "file: others can see a command line)",
    );
  }
  const prefix = path.replace(/\/$/, "") || USUAL_PREFIX;
  if (!/^(?:\/[\w.:-]+)+$/.test(prefix)) {
    throw wrong(
      `${quoted(path)} is not a prefix of letters, digits, "_", ".", "-" and ` +
        `":" between slashes`,
    );
  }
  const endpoints = hosts.split(",").map((host) => {
    const [, name, port = USUAL_PORT] =
      /^([\w.-]+|\[[\da-fA-F:.]+\])(?::(\d{1,5}))?$/.exec(host) ?? [];
    if (!name || !isPort(Number(port))) {
      throw wrong(
        `${quoted(host)} is not a host and a port, such as etcd1:2379`,
      );
    }
    if (scheme === "etcd" && !isLoopback(name)) {
      throw wrong(
        `what is sent to ${name} could be read and changed on its way ` +
          `(use etcds://, or etcd+insecure:// where that does not matter)`,
      );
    }
    return `${scheme === "etcds" ? "https" : "http"}://${name}:${port}`;
  });
  return { text, endpoints: [...new Set(endpoints)], prefix };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(host);
}
