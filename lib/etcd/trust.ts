import { PortForError } from "../error.ts";
import type { Tls } from "../runtime/post.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/** The files and names by which a cluster and a client know each other. */
export interface TrustSettings {
  /** The file of the authority that vouches for the cluster, in PEM. */
  readonly cacert?: string | undefined;
  /** The file of the client's certificate, in PEM. */
  readonly cert?: string | undefined;
  /** The file of its private key, in PEM. */
  readonly key?: string | undefined;
  /** The user of the cluster. */
  readonly user?: string | undefined;
  /** The file that has nothing but that user's password in it. */
  readonly passwordFile?: string | undefined;
}

/** What they are, read. */
export interface Trust {
  readonly tls: Tls;
  readonly user?: User;
}

/** A user of the cluster. */
export interface User {
  readonly name: string;
  readonly password: string;
}

/**
 * Reads what the environment names, as operators have set it for `etcdctl`, or
 * else the settings.
 *
 * @throws {PortForError} where a file cannot be read, or half of what is needed
 * is not there.
 */
export function readTrust(settings: TrustSettings, runtime: Runtime): Trust {
  const variable = (name: string) => runtime.env(name) || undefined;
  const read = (path: string | undefined) =>
    path === undefined ? undefined : textOf(path, runtime);
  const ca = read(variable("ETCDCTL_CACERT") ?? settings.cacert);
  const cert = read(variable("ETCDCTL_CERT") ?? settings.cert);
  const key = read(variable("ETCDCTL_KEY") ?? settings.key);
  if ((cert === undefined) !== (key === undefined)) {
    throw new PortForError(
      "BAD_INPUT",
      "cannot use a client certificate for etcd: one of certificate and key " +
        "is missing (set both ETCDCTL_CERT and ETCDCTL_KEY)",
    );
  }
  const user = userOf(settings, variable, read);
  return {
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    },
    ...(user ? { user } : {}),
  };
}

function userOf(
  settings: TrustSettings,
  variable: (name: string) => string | undefined,
  read: (path: string | undefined) => string | undefined,
): User | undefined {
  const [, name, inside] =
    /^([^:]*)(?::(.*))?$/s.exec(variable("ETCDCTL_USER") ?? "") ?? [];
  const user = name || settings.user;
  if (!user) return undefined;
  const file = variable("PORT_FOR_ETCD_PASSWORD_FILE") ?? settings.passwordFile;
  const password = inside ?? variable("ETCDCTL_PASSWORD") ??
    read(file)?.replace(/\r?\n$/, "");
  if (password !== undefined) return { name: user, password };
  throw new PortForError(
    "BAD_INPUT",
    `cannot log in to etcd as ${user}: there is no password (put it in a file ` +
      `that only you can read, and set PORT_FOR_ETCD_PASSWORD_FILE to its path)`,
  );
}

function textOf(path: string, runtime: Runtime): string {
  try {
    return new TextDecoder().decode(runtime.readFile(path));
  } catch (error) {
    const code = errorCode(error);
    throw new PortForError(
      code === "EACCES" ? "NO_PERMISSION" : "FAILED",
      `cannot read ${path}, which is for etcd: ` +
        `${code ?? (error as Error).message}`,
    );
  }
}
