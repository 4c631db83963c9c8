/** The program `completion`: what shells are to read, so that they complete the command lines of all programs. */

import { realpathSync } from "node:fs";
import process from "node:process";
import { onlyArgument, type Tool } from "../../model/command_line/tool.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { AS_PROGRAM } from "../../sys/runtime/self.ts";
import { runTool } from "../tool.ts";
import { write } from "../output.ts";
import type { Host } from "./programs.ts";

/** Where a shell looks for what completes a program, below the prefix, and what it is to read. */
interface Shell {
  /** The file for a program. Shells that look for one by a program's name have one for each. */
  file(program: string): string;
  script(command: string, programs: readonly string[]): string;
}

/** The shells. Each asks `rouse complete` what may follow, and offers files where that is nothing. */
export const SHELLS: Readonly<Record<string, Shell>> = {
  bash: {
    file: (program) => `share/bash-completion/completions/${program}`,
    script: (command, programs) =>
      `_rouse() {
  local word
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    printf -v word %q "$word"
    COMPREPLY+=("$word")
  done < <(${command} bash "\${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
}
complete -o default -F _rouse ${programs.join(" ")}
`,
  },
  zsh: {
    file: () => "share/zsh/site-functions/_rouse",
    script: (command, programs) =>
      `#compdef ${programs.join(" ")}
_rouse() {
  local word text
  local -a found
  while IFS=$'\\t' read -r word text; do
    word=\${word//\\\\/\\\\\\\\}
    found+=("\${word//:/\\\\:}\${text:+:$text}")
  done < <(${command} zsh "\${(@)words[1,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe word found; else _files; fi
}
if [[ $funcstack[1] == _rouse ]]; then _rouse "$@"; else compdef _rouse ${programs.join(" ")}; fi
`,
  },
  fish: {
    file: (program) => `share/fish/vendor_completions.d/${program}.fish`,
    script: (command, programs) =>
      `function __rouse_complete
    set -l found (${command} fish (commandline -opc) (commandline -ct) 2>/dev/null)
    if set -q found[1]
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline -ct)
    end
end
for program in ${programs.join(" ")}
    complete -c $program -f -a '(__rouse_complete)'
end
`,
  },
};

export const COMPLETION: Omit<Tool, "run"> = {
  name: "completion",
  arguments: "SHELL",
  summary: "Print what a shell is to read so that it completes command lines.",
  help:
    `SHELL is one of ${
      Object.keys(SHELLS).join(", ")
    }. Names of jobs, instances and events are those of the init that ` +
    "runs; where none answers, there are none.\n\nExit status: 0, 2 for wrong arguments.",
  options: [],
  examples: [". <(rouse completion bash)", "rouse completion fish | source"],
};

/** Prints a shell's script. Returns the exit status. */
export function completion(args: string[], host: Host): Promise<number> {
  const tool: Tool = {
    ...COMPLETION,
    run(parsed) {
      const name = onlyArgument(parsed, "shell");
      if (!Object.hasOwn(SHELLS, name)) {
        throw new UsageError(`unknown shell: ${name}; it is one of ${Object.keys(SHELLS).join(", ")}`);
      }
      write(1, scriptOf(SHELLS[name]!, host));
      return 0;
    },
  };
  return runTool(tool, args);
}

/** The programs whose command lines are completed. */
function completed({ programs }: Host): string[] {
  return ["rouse", ...programs.filter((name) => name !== "rcS" && name !== "depscan.sh")];
}

function scriptOf({ script }: Shell, host: Host): string {
  return script(`${quoted(realpathSync(process.execPath))} ${AS_PROGRAM} complete`, completed(host));
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

/**
 * The files for programs that are installed, by paths below the prefix.
 * @param programs Their names
 */
export function completionFiles(programs: readonly string[], host: Host): Map<string, string> {
  const files = new Map<string, string>();
  const known = new Set(completed(host));
  for (const shell of Object.values(SHELLS)) {
    const script = scriptOf(shell, { ...host, programs: programs.filter((name) => known.has(name)) });
    for (const program of ["rouse", ...programs]) {
      if (known.has(program)) files.set(shell.file(program), script);
    }
  }
  return files;
}
