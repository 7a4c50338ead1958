import { PortForError, quoted } from "../../error.ts";
import { type Option, OPTIONS } from "../options.ts";

/**
 * `--completions SHELL`: a script that completes port-for's options, and names
 * from the store.
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

# The words of the line as they were typed, up to the cursor: bash splits them
# at "=" and ":" too, which names may have in them.
_port_for_words() {
  local line=\${COMP_LINE:0:COMP_POINT} word= character= quote= index
  words=()
  for ((index = 0; index < \${#line}; index++)); do
    character=\${line:index:1}
    case $character in
      \\\\)
        word+=$character
        if [[ $quote != \\' ]]; then
          ((index += 1))
          word+=\${line:index:1}
        fi
        ;;
      [\\'\\"])
        word+=$character
        [[ -z $quote ]] && quote=$character || quote=\${quote#"$character"}
        ;;
      [[:blank:]])
        if [[ -n $quote ]]; then
          word+=$character
        else
          [[ -n $word ]] && words+=("$word")
          word=
        fi
        ;;
      *) word+=$character ;;
    esac
  done
  words+=("$word")
}

# The names that begin with what was typed, as the shell reads them back.
_port_for_names() {
  local typed=$1 program=$2 index name quoted before= style=\${1:0:1}
  local -a options=()
  case $style in
    [\\'\\"]) typed=\${typed:1} ;;
    *) style= ;;
  esac
  for ((index = 1; index < \${#words[@]} - 1; index++)); do
    case \${words[index]} in
      --user | --here) options+=("\${words[index]}") ;;
      --store) options+=(--store "$(_port_for_path "\${words[index + 1]}")") ;;
      --store=*) options+=(--store "$(_port_for_path "\${words[index]#*=}")") ;;
    esac
  done
  # bash replaces only what comes after the last word break.
  [[ -z $style && $typed == *[:=@]* ]] && before=\${typed%"\${typed##*[:=@]}"}
  # It also replaces an "@", which may begin a host name.
  before=\${before%@}
  [[ $style == \\' ]] || typed=\${typed//\\\\/}
  while IFS= read -r name; do
    name=\${name%: *}
    [[ " \${options[*]} " == *" --here "* ]] && name=\${name#"$(pwd -P)/"}
    [[ $name == "$typed"* ]] || continue
    case $style in
      \\') [[ $name == *\\'* ]] && continue || quoted=$name ;;
      \\") quoted=$(sed 's/["$\`\\\\]/\\\\&/g' <<< "$name") ;;
      *) printf -v quoted %q "$name" ;;
    esac
    [[ $quoted == "$before"* ]] && COMPREPLY+=("\${quoted#"$before"}")
  done < <("\${program/#\\~/$HOME}" "\${options[@]}" --list 2>/dev/null)
}

_port_for_path() {
  local path=\${1//[\\\\\\"]/}
  printf %s "\${path/#\\~/$HOME}"
}

_port_for() {
  local program=$1 current previous option=
  local -a words
  COMPREPLY=()
  _port_for_words
  current=\${words[-1]}
  previous=\${words[-2]}
  if [[ " \${words[*]:1:\${#words[@]}-2} " == *' -- '* ]]; then
    _port_for_command
    return
  fi
  if [[ $current == --*=* ]]; then
    option=\${current%%=*}
    current=\${current#*=}
  else
    option=$previous
  fi
  case $option in
${bashCases()}
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '${flags}' -- "$current")
  else
    _port_for_names "$current" "$program"
  fi
}

# After "--" comes a command, then its arguments: mostly files.
_port_for_command() {
  local kind=-f
  [[ $previous == -- ]] && kind=-cf
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen $kind -- "$current")
}

complete -F _port_for port-for
`;
}

/** The cases that complete an option's value, one for each kind of value. */
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
    return "compopt -o filenames 2>/dev/null; " +
      'mapfile -t COMPREPLY < <(compgen -f -- "$current")';
  }
  return ":";
}

function zsh(): string {
  return `\
#compdef port-for
# zsh completion for port-for. To use it, put this into ~/.zshrc, after compinit:
#   eval "$(port-for --completions zsh)"

_port_for_names() {
  local -a options names
  local index
  for ((index = 2; index < CURRENT; index++)); do
    case $words[index] in
      --user | --here) options+=($words[index]) ;;
      --store) options+=(--store "\${\${(Q)words[index + 1]}/#\\~/$HOME}") ;;
      --store=*) options+=(--store "\${\${(Q)words[index]#*=}/#\\~/$HOME}") ;;
    esac
  done
  names=("\${(@f)"$(\${words[1]/#\\~/$HOME} $options --list 2>/dev/null)"}")
  names=("\${(@)names%: *}")
  (( \${options[(I)--here]} )) && names=("\${(@)names#$(pwd -P)/}")
  compadd -a names
}

_port_for() {
  local end=\${words[(i)--]}
  if (( end < CURRENT )); then
    words=("\${(@)words[end + 1,-1]}")
    (( CURRENT -= end ))
    _normal
    return
  fi
  _arguments -s -S \\
${OPTIONS.map(zshOption).map((line) => `    ${line} \\`).join("\n")}
    '*:name:_port_for_names'
}

if [[ $funcstack[1] == _port[-_]for ]]; then
  _port_for "$@"
else
  compdef _port_for port-for
fi
`;
}

function zshOption(option: Option): string {
  const { long, short, value, repeatable } = option;
  // The value may be in the same word or in the next one.
  const joint = value ? "=" : "";
  const names = short
    ? `{-${short}${value ? "+" : ""},--${long}${joint}}`
    : `--${long}${joint}`;
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
    set -l options
    set -l words (commandline -opc)
    for index in (seq (count $words))
        switch $words[$index]
            case --user --here
                set -a options $words[$index]
            case --store
                set -a options --store (string replace -r '^~' $HOME -- $words[(math $index + 1)])
            case '--store=*'
                set -a options $words[$index]
        end
    end
    set -l names (port-for $options --list 2>/dev/null | string replace -r ': [0-9-]+$' '')
    if contains -- --here $options
        set names (string replace -- (pwd -P)/ '' $names)
    end
    string join -- \\n $names
end

# After "--" comes a command with its arguments.
function __port_for_command
    set -l words (commandline -opc)
    set -l end (contains -i -- -- $words)
    complete -C (string join ' ' -- (string escape -- $words[(math $end + 1)..]) (commandline -ct))
end

complete -c port-for -f -n 'not contains -- -- (commandline -opc)' -a '(__port_for_names)'
complete -c port-for -f -n 'contains -- -- (commandline -opc)' -a '(__port_for_command)'
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

/** A short help text for a completion: the first clause. */
function firstClause({ help }: Option): string {
  return help.split(/[;,:]/, 1)[0]!;
}

/** Makes a text fit for single quotes, which have no escapes in a shell. */
function shellText(text: string): string {
  return text.replaceAll("'", "’");
}
