/** What all kinds of packages say about the project. */
import { RELEASED, VERSION } from "../../lib/version.ts";

export { VERSION };

/** What it is, in one line. */
export const SUMMARY = "give names to local ports";

/** A paragraph about it, in lines short enough for packages. */
export const DESCRIPTION: readonly string[] = [
  "port-for NAME finds a TCP port that is free now and will stay free, prints",
  "it, and remembers that NAME has it. Every later call prints the same number.",
];

/** The project's home page. */
export const HOMEPAGE = "https://github.com/x/port-for";

/** Its licence, by its SPDX name. */
export const LICENSE = "MIT";

/** Where to download the files of this release. */
export const DOWNLOADS = `${HOMEPAGE}/releases/download/v${VERSION}`;

/** The packager, in the format of packages. */
export const MAINTAINER =
  "the port-for authors <port-for@users.noreply.github.com>";

/**
 * The time of all files in packages, in seconds. Fixed, for reproducible
 * builds.
 */
export const TIMESTAMP: number = Date.parse(`${RELEASED}T00:00:00Z`) / 1000;

/**
 * The version for Debian and RPM: with "~", a prerelease sorts before its
 * release.
 */
export const SORTABLE_VERSION: string = VERSION.replace("-", "~");
