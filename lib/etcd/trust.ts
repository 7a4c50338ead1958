import { PortForError } from "../error.ts";
import type { Tls } from "../runtime/post.ts";
import { errorCode, type Runtime } from "../runtime/runtime.ts";

/**
 * How a cluster and a client authenticate each other. Paths are those of files.
 */
export interface TrustSettings {
  /** The certificate of the cluster's authority, in PEM. */
  readonly cacert?: string | undefined;
  /** The client's certificate, in PEM. */
  readonly cert?: string | undefined;
  /** The client's private key, in PEM. */
  readonly key?: string | undefined;
  /** The user of the cluster. */
  readonly user?: string | undefined;
  /** A file with nothing but that user's password. */
  readonly passwordFile?: string | undefined;
}

/** The content of these files. */
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
 * Reads the files that the environment names, with the variables of `etcdctl`,
 * or else those of the settings.
 *
 * @throws {PortForError} if a file cannot be read, or if only one of two
 * settings that belong together is there.
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
