/**
 * Variables that a manifest, which comes from strangers, may set; and lines
 * that all readers of `.env` files read the same way. Measured with 29 readers:
 * shells, Compose, Node, Bun, Deno, npm's and Python's dotenv, Vite's and
 * Next's loaders, systemd, direnv, docker run, make and others.
 *
 * @module
 */

/** Variables that a loader, a shell, an interpreter or git acts on. */
const SENSITIVE = new RegExp(
  `^(?:${
    [
      // Shells, and variables that most programs read.
      "HOME|IFS|ENV|BASH_.*|BASHOPTS|SHELLOPTS|SHELL|GLOBIGNORE|PS[0-4]",
      "TERM|TERMINFO.*|ZDOTDIR|TMPDIR|TEMP|TMP|USER|LOGNAME|PWD|OLDPWD|E?UID|MAIL|FCEDIT",
      "EDITOR|VISUAL|PAGER|MANPAGER|BROWSER|LESS.*|VIMINIT|EXINIT|XDG_.*",
      "LANG|LANGUAGE|LC_.*|TZ|HOSTALIASES|LOCALDOMAIN|DBUS_.*|DISPLAY",
      // Loaders, and libraries that load what a variable names.
      "LD_.*|DYLD_.*|GLIBC_.*|MALLOC_.*|OPENSSL_.*|CURL_.*|GTK_.*|QT_.*|GIO_.*",
      "SSL_CERT.*|SSLKEYLOGFILE|AWS_(?:.*_FILE|.*_BUNDLE|.*PROFILE)",
      "SYSTEMD_.*|SUDO_.*|GPG_.*|DOCKER_.*|COMPOSE_.*|KUBE.*|PORT_FOR_.*",
      // Version control.
      "GIT_.*|HG.*|SVN_.*|CVS.*|JJ_.*|SSH_.*|.*_RSH|.*_SSH|.*_ASKPASS",
      // Interpreters, compilers, package managers.
      "NODE_.*|NPM_.*|YARN_.*|PNPM_.*|BUN_.*|DENO_.*|ELECTRON_.*|PYTHON.*|PIP_.*",
      "UV_.*|RUBY.*|GEM_.*|BUNDLE_.*|PERL.*|PHP.*|LUA_.*|ERL_.*",
      "_?JAVA_.*|JDK_.*|MAVEN_.*|GRADLE_.*|DOTNET_.*|GO[A-Z]*|CARGO_.*|RUST.*",
      "MAKE.*|GCC_.*|CC|CXX|AR|AS|LD",
      // Common endings for variables of these kinds.
      ".*PATH|.*RC|[A-Z]*FLAGS|.*_OPTS|.*_OPTIONS|.*_PROXY|.*_COMMAND|.*_EDITOR",
      ".*_PAGER|.*_PRELOAD|.*_STARTUP",
    ].join("|")
  })$`,
  "i",
);

/** Why a manifest may not set a variable; `undefined` if it may. */
export function variableProblem(name: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return "its name is not letters, digits and underscores, or begins with " +
      "a digit";
  }
  return SENSITIVE.test(name)
    ? "a manifest may not set it, because programs act on it (choose another " +
      "name)"
    : undefined;
}

/** Letters, digits, and other characters that all readers take literally. */
const BARE = /^(?!=)[A-Za-z0-9_.,:/@%+\-!*?[\]{}^=\u00a1-\u{10ffff}]*$/u;

// deno-lint-ignore no-control-regex
const CONTROL = /[\x00-\x1f\x7f-\xa0\u2028\u2029]/;

/**
 * Why a value cannot be written in a way that all readers agree on; `undefined`
 * if it can.
 */
export function valueProblem(value: string): string | undefined {
  if (value.includes("$")) {
    return 'it has a "$", which some readers of such a file would expand';
  }
  if (value.includes("`")) {
    return "it has a ` in it, which a shell would run where make hands it on";
  }
  if (CONTROL.test(value)) return "it has control characters in it";
  return lineValue(value) === undefined
    ? "no quotes make all readers of such a file agree on it (leave out " +
      "quotes of the other kind, or backslashes)"
    : undefined;
}

/** A value as written after `NAME=`; `undefined` if that is not possible. */
export function lineValue(value: string): string | undefined {
  if (BARE.test(value) && !value.includes(":=")) return value;
  if (!/'|\\\\/.test(value) && !value.endsWith("\\")) return `'${value}'`;
  if (!/["\\`]/.test(value)) return `"${value}"`;
  return undefined;
}
