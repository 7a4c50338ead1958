/** What every kind of package says about the project. */
import { RELEASED, VERSION } from "../../lib/version.ts";

export { VERSION };

/** What it is, in one line. */
export const SUMMARY = "give names to local ports";

/** The same in a paragraph, of lines as long as packages want them. */
export const DESCRIPTION: readonly string[] = [
  "port-for NAME finds a TCP port that is free now and will stay free, prints",
  "it, and remembers that NAME has it. Every later call prints the same number.",
];

/** Where the project is. */
export const HOMEPAGE = "https://github.com/x/port-for";

/** Its licence, by its SPDX name. */
export const LICENSE = "MIT";

/** Where the files of this release are downloaded from. */
export const DOWNLOADS = `${HOMEPAGE}/releases/download/v${VERSION}`;

/** Who packages it, as packages want it. */
export const MAINTAINER =
  "the port-for authors <port-for@users.noreply.github.com>";

/** The time of everything in a package, in seconds: two builds are the same. */
export const TIMESTAMP: number = Date.parse(`${RELEASED}T00:00:00Z`) / 1000;

/**
 * The version as Debian and RPM sort it: what comes before a release is smaller
 * than that.
 */
export const SORTABLE_VERSION: string = VERSION.replace("-", "~");
