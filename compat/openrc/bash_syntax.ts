/** Scripts that are written for bash: Gentoo promised its syntax, and the system's shell may be another one. */

/** What only bash understands, with what may stand before it. What other shells take for something else is not here. */
const ONLY_BASH: readonly RegExp[] = [
  // Arrays, and values that grow.
  /(?:^|[\s;&|({])(?:(?:local|declare|typeset|readonly|export)\s+(?:-\w+\s+)*)?[A-Za-z_]\w*(?:\[[^\]\s]*\])?\+?=\(/,
  /(?:^|[\s;&|({])[A-Za-z_]\w*(?:\[[^\]\s]+\]=|\+=)/,
  /\$\{[#!]?[A-Za-z_]\w*\[/,
  // Tests, loops and commands of its own.
  /(?:^|[;&|({!]|\b(?:if|while|until|then|do|else|elif))\s*\[\[\s/,
  /(?:^|[;&|({]|\b(?:then|do|else))\s*(?:declare|typeset|shopt|pushd|popd|mapfile|readarray|select|coproc|source|let)\s/,
  /(?:^|[;&|({]|\b(?:then|do|else))\s*function\s+[\w.:-]+/,
  /\bfor\s*\(\(/,
  /(?:^|[;&|({]|\b(?:if|while|until|then|do|else|elif))\s*\(\(/,
  // Substitutions.
  /\$\{!?[A-Za-z_]\w*(?:\/|\^|,|:\s*\d|@[A-Za-z]\})/,
  /\$\{![A-Za-z_]\w*[}*@]/,
  // Redirections.
  /<<<|[<>]\(|&>|\|&|;;&|;&(?!&)/,
];

/** What any of these has in it. Most scripts have none of it, and to ask for this alone takes a tenth of the time. */
const SUSPICIOUS = new RegExp(
  String.raw`\[\[|[=<>]\(|\(\(|<<<|&>|\|&|;&|\+=|\]=|\$\{!|\$\{#?\w+[\[/^,@:]|` +
    String.raw`\b(?:declare|typeset|shopt|pushd|popd|mapfile|readarray|select|coproc|source|let|function)\b`,
);

/** True for a script that has bash's syntax in it, outside of comments and of text in quotes. */
export function isBashScript(text: string): boolean {
  return SUSPICIOUS.test(text) &&
    codeLines(text).some((line) => ONLY_BASH.some((pattern) => pattern.test(line)));
}

/** The lines of a script without comments, here-documents, and what is in single quotes. */
function codeLines(text: string): string[] {
  const lines: string[] = [];
  let end: string | undefined;
  const plain = text.replace(
    /'[^']*'/g,
    (quoted) => quoted.includes("\n") ? "''" : quoted.length > 2 ? "'x'" : "''",
  );
  for (const line of plain.split("\n")) {
    if (end !== undefined) {
      if (line.trim() === end) end = undefined;
      continue;
    }
    end = /(?<!<)<<-?\s*(?:\\|["'])?([A-Za-z_]\w*)/.exec(line)?.[1];
    lines.push(line.replace(/(?:^|\s)#.*/, ""));
  }
  return lines;
}
