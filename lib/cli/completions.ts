import { PortForError, quoted } from "../error.ts";
import { type Option, OPTIONS } from "./options.ts";

/**
 * `--completions SHELL`: a script that teaches a shell to complete port-for:
 * names from the store where a name belongs, options otherwise.
 *
 * @throws {PortForError} `BAD_INPUT` for any other shell.
 */
export function completions(shell: string): string {
  switch (shell) {
    case "bash":
      return bash();
    case "zsh":
      return zsh();
    case "fish":
      return fish();
  }
  throw new PortForError(
    "BAD_INPUT",
    `cannot print --completions for ${quoted(shell)}: not bash, zsh or fish`,
  );
}

function bash(): string {
  const flags = OPTIONS.flatMap(spellings).join(" ");
  return `\
# bash completion for port-for. To use it, put this into ~/.bashrc:
#   eval "$(port-for --completions bash)"

_port_for_names() {
  local -a store=()
  local index word line
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=\${COMP_WORDS[index]}
    case $word in
      --user) store+=(--user) ;;
      --store)
        line=\${COMP_WORDS[index + 1]}
        [[ $line == = ]] && line=\${COMP_WORDS[index + 2]}
        store+=(--store "\${line/#\\~/$HOME}")
        ;;
    esac
  done
  while IFS= read -r line; do
    line=\${line%: *}
    [[ $line == "$1"* ]] && COMPREPLY+=("$(printf '%q' "$line")")
  done < <("$2" "\${store[@]}" --list 2>/dev/null)
}

_port_for() {
  local program=$1 current=$2 previous=$3
  COMPREPLY=()
  case $previous in
${bashCases()}
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '${flags}' -- "$current")
  else
    _port_for_names "$current" "$program"
  fi
}

complete -F _port_for port-for
`;
}

/** What follows an option with a value, one case for each kind of value. */
function bashCases(): string {
  const kinds = Map.groupBy(OPTIONS, bashValue);
  kinds.delete("");
  return [...kinds].map(([action, options]) =>
    `    ${options.flatMap(spellings).join("|")})\n      ${action}\n` +
    `      return\n      ;;`
  ).join("\n");
}

function bashValue({ value, choices }: Option): string {
  if (choices) {
    return `mapfile -t COMPREPLY < <(compgen -W '${choices.join(" ")}' -- ` +
      `"$current")`;
  }
  if (value === undefined) return "";
  if (value === "NAME") return '_port_for_names "$current" "$program"';
  if (value === "FILE") {
    return 'mapfile -t COMPREPLY < <(compgen -f -- "$current")';
  }
  return ":";
}

function zsh(): string {
  return `\
#compdef port-for
# zsh completion for port-for. To use it, put this into ~/.zshrc, after compinit:
#   eval "$(port-for --completions zsh)"

_port_for_names() {
  local -a store names
  (( \${+opt_args[--user]} )) && store+=(--user)
  (( \${+opt_args[--store]} )) && store+=(--store \${~\${(Q)opt_args[--store]}})
  names=(\${(f)"$($words[1] $store --list 2>/dev/null)"})
  names=(\${names%: *})
  compadd -a names
}

_port_for() {
  _arguments -s -S \\
${OPTIONS.map(zshOption).map((line) => `    ${line} \\`).join("\n")}
    '*:name:_port_for_names'
}

if [[ $funcstack[1] == _port_for ]]; then
  _port_for "$@"
else
  compdef _port_for port-for
fi
`;
}

function zshOption(option: Option): string {
  const { long, short, value, repeatable } = option;
  const names = short ? `{-${short},--${long}}` : `--${long}`;
  const exclusive = repeatable ? "'*'" : short ? `'(-${short} --${long})'` : "";
  const help = `'[${shellText(firstClause(option)).replace(/[[\]]/g, "\\$&")}]`;
  return exclusive + names + help +
    (value ? `:${value.toLowerCase()}:${zshValue(option)}'` : "'");
}

function zshValue({ value, choices }: Option): string {
  if (choices) return `(${choices.join(" ")})`;
  if (value === "NAME") return "_port_for_names";
  return value === "FILE" ? "_files" : " ";
}

function fish(): string {
  return `\
# fish completion for port-for. To use it:
#   port-for --completions fish > ~/.config/fish/completions/port-for.fish

function __port_for_names
    set -l store
    set -l words (commandline -opc)
    for index in (seq (count $words))
        switch $words[$index]
            case --user
                set -a store --user
            case --store
                set -a store --store $words[(math $index + 1)]
            case '--store=*'
                set -a store $words[$index]
        end
    end
    port-for $store --list 2>/dev/null | string replace -r ': [0-9-]+$' ''
end

complete -c port-for -f -a '(__port_for_names)'
${OPTIONS.map(fishOption).join("\n")}
`;
}

function fishOption(option: Option): string {
  const { long, short, value, choices } = option;
  const argument = choices
    ? ` -x -a '${choices.join(" ")}'`
    : value === "NAME"
    ? " -x -a '(__port_for_names)'"
    : value === "FILE"
    ? " -r -F"
    : value
    ? " -x"
    : "";
  return `complete -c port-for${short ? ` -s ${short}` : ""} -l ${long}` +
    `${argument} -d '${shellText(firstClause(option))}'`;
}

/** Both ways to write an option. */
function spellings({ long, short }: Option): string[] {
  return short ? [`-${short}`, `--${long}`] : [`--${long}`];
}

/** What fits beside a completion: the help up to its first break. */
function firstClause({ help }: Option): string {
  return help.split(/[;,:]/, 1)[0]!;
}

/** Text for between single quotes, which have no escapes in a shell. */
function shellText(text: string): string {
  return text.replaceAll("'", "’");
}
