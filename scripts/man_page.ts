/**
 * Prints the man page, port-for.1, made from the table of options.
 * Usage: deno task man > port-for.1
 *
 * @module
 */
import { wrap } from "../lib/cli/commands/help.ts";
import { type Option, OPTION_GROUPS } from "../lib/cli/options.ts";
import { RELEASED, VERSION } from "../lib/version.ts";

if (import.meta.main) console.log(manPage().trimEnd());

/** The man page, in the man macros that every Unix has. */
export function manPage(): string {
  return `\
.TH PORT-FOR 1 "${RELEASED}" "port-for ${VERSION}" "User Commands"
.SH NAME
port-for \\- give names to local ports
.SH SYNOPSIS
.B port-for
.RI [ options ]
.IR NAME .\\|.\\|.
.br
.B port-for
.RI [ options ]
.IR NAME .\\|.\\|.
.B \\-\\-
.IR COMMAND .\\|.\\|.
.SH DESCRIPTION
.B port-for
finds a TCP port that is free now and will stay free, prints it, and remembers
that
.I NAME
holds it. Every later call prints the same number.
.PP
The port is free on every local address, assigned to nobody by IANA, not well
known, outside the ephemeral range of this machine, promised to nobody else
here, and not next to such a port. The same name gets the same port on every
machine, where it can.
.PP
A name is any text of 1 to 255 characters without control characters, without
white space at its ends, and without a leading hyphen.
${OPTION_GROUPS.map(section).join("")}.SH ENVIRONMENT
.TP
.B PORT_FOR_STORE
The store, if neither
.B \\-\\-store
nor
.B \\-\\-user
is given.
.TP
.BR PORT ", " NAME_PORT
Set for
.IR COMMAND :
the first port, and that of each
.IR NAME .
.TP
.B PORT_FOR_SYSCTL_DIR
The folder for the file of
.BR \\-\\-reserve ,
instead of /etc/sysctl.d.
.TP
.BR XDG_STATE_HOME ", " HOME
Where the store of
.B \\-\\-user
is.
.TP
.B NO_COLOR
If it is set, nothing is coloured.
.TP
.BR ETCDCTL_CACERT ", " ETCDCTL_CERT ", " ETCDCTL_KEY ", " ETCDCTL_USER
How to reach an etcd cluster, as for
.BR etcdctl (1).
.TP
.B PORT_FOR_ETCD_PASSWORD_FILE
A file with nothing but that user's password.
.SH FILES
.TP
.I /etc/port\\-for.toml
The store of the machine: TOML, for people to read and to edit.
.TP
.I /etc/port\\-for.d/*.toml
More names, of the same form: read, and never written.
.TP
.I .port\\-for.toml
The names that a project needs, at the root of a checkout.
.TP
.I /etc/port\\-for.toml.lock
What writers lock, and leave there.
.TP
.I ~/.local/state/port\\-for/port\\-for.toml
The store of
.BR \\-\\-user .
.TP
.I /etc/sysctl.d/99\\-zz\\-port\\-for.conf
What
.B \\-\\-reserve
has the kernel reserve at boot.
.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
It could not be done, or the answer is no.
.TP
.B 2
The command line is wrong.
.PP
With a
.I COMMAND
it is the command's own, 126 if it cannot be run, 127 if there is none. This
process becomes the command, and keeps its id. In the arguments
.B {port}
is replaced by the first port, and
.BI { NAME }
by that of
.IR NAME .
On Windows it stays, passes signals on, and ends as the command did.
.SH EXAMPLES
.EX
$ sudo port\\-for instance1.apache
14423
$ port\\-for instance1.apache
14423
$ port\\-for \\-\\-list
instance1.apache: 14423
.EE
.SH SEE ALSO
https://github.com/x/port\\-for
.PP
.BR ip (7),
.BR flock (2)
`;
}

function section({ title, options }: (typeof OPTION_GROUPS)[number]): string {
  return `.SH ${title.toUpperCase()}\n${options.map(entry).join("")}`;
}

function entry({ long, short, value, help }: Option): string {
  const names = [...(short ? [`-${short}`] : []), `--${long}`];
  const head = names.map((name) => `\\fB${roff(name)}\\fR`).join(", ") +
    (value ? ` \\fI${roff(value)}\\fR` : "");
  const text = help[0]!.toUpperCase() + help.slice(1);
  const lines = wrap(`${text}.`, 60).map((line) => protectedStart(roff(line)));
  return `.TP\n${head}\n${lines.join("\n")}\n`;
}

/** Escapes a text for roff: hyphens that can be copied, literal backslashes. */
function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-");
}

/**
 * Protects a line that begins with a dot or a quote, which would be a request.
 */
function protectedStart(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}
