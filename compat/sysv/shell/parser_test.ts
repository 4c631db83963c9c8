/** Shell scripts as trees: what is read, what is refused, and that any text gives a tree or an error, soon. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ShellError } from "./lexer.ts";
import { labelsOf } from "./labels.ts";
import { parseShell, type ShellCommand, simpleCommands, type Statement } from "./parser.ts";

/** A tree in short: words in brackets, and what holds others by its name. */
function short(statements: readonly Statement[]): string {
  return statements.map(({ commands, isBackground }) =>
    commands.map(shortCommand).join(" . ") + (isBackground ? " &" : "")
  ).join("; ");
}

function shortCommand(command: ShellCommand): string {
  switch (command.kind) {
    case "simple":
      return `[${command.words.join("|")}]`;
    case "function":
      return `${command.name}(${short(command.body)})`;
    case "case":
      return `case ${command.subject}(${
        command.branches.map(({ labels, body }) => `${labels.join("|")}: ${short(body)}`).join(", ")
      })`;
    default:
      return `${command.kind}(${command.lists.map(short).join(" / ")})`;
  }
}

const TREES: Array<[text: string, tree: string]> = [
  ["", ""],
  ["# only this\n\n", ""],
  ["a b; c\nd&", "[a|b]; [c]; [d] &"],
  ["a \\\n  b # c", "[a|b]"],
  ["[ -x $A ] || exit 0", "[[|-x|$A|]] . [exit|0]"],
  ["a 'b c' \"d $(e 'f)') g\" `h i` ${j:-k l}", "[a|'b c'|\"d $(e 'f)') g\"|`h i`|${j:-k l}]"],
  ["a >/dev/null 2>&1 <b c", "[a|c]"],
  ["if a; then b; elif c; then d; else e; fi", "if([a] / [b] / [c] / [d] / [e])"],
  ["while a\ndo b; done", "loop([a] / [b])"],
  ["for a in b c; do d; done", "loop([d])"],
  ["f() { a; }\nfunction g\n{\nb\n}", "f([a]); g([b])"],
  ["f() ( a )", "f([a])"],
  ["case $1 in\n(a|'b') c;; *)\n;;\nesac", "case $1(a|'b': [c], *: )"],
  ["case $1 in a) b ; esac", "case $1(a: [b])"],
  ["cat <<-END | b\n\tit's\n\tEND\nc", "[cat] . [b]; [c]"],
  ["! a && { b; }", "[a] . group([b])"],
  ["A=b C='d e' f", "[A=b|C='d e'|f]"],
];

for (const [text, tree] of TREES) {
  Deno.test(`${JSON.stringify(text)} is read`, () => assert.equal(short(parseShell(text)), tree));
}

for (
  const text of [
    "'a",
    '"a',
    "`a",
    "$(a",
    "${a",
    "if a; then b",
    "case a in b",
    "fi )",
    "f() {",
    ";;",
    "(".repeat(100),
    "$(".repeat(100),
    "if a; then ".repeat(100),
  ]
) {
  Deno.test(`${JSON.stringify(text.slice(0, 20))} is refused`, () =>
    assert.throws(() => parseShell(text), ShellError));
}

Deno.test("places are those of the text", () => {
  const text = "a\n  [ -r x ] &&\n . x\nb";
  const [, second] = parseShell(text);
  assert.equal(text.slice(second!.from, second!.to), "[ -r x ] &&\n . x");
});

Deno.test("simple commands are found however deep, but not in functions", () => {
  const found = simpleCommands(parseShell("f() { x; }; if a; then case b in c) d;; esac; fi; (e | g)"));
  assert.deepEqual(found.map(({ words }) => words.join(" ")), ["a", "d", "e", "g"]);
});

Deno.test("labels are found in functions, too, and none in a script that cannot be read", () => {
  assert.deepEqual([...labelsOf(`f() { case "$1" in start|"stop") ;; *) ;; esac; }`)], [
    "start",
    "stop",
    "*",
  ]);
  assert.deepEqual([...labelsOf("case $1 in start) 'x")], []);
});

const PIECES = [
  ..."'\"`$(){}[];&|<>\\\n\t #=ab".split(""),
  "if ",
  "then ",
  "fi\n",
  "case a in ",
  ";;",
  "esac",
  "<<E\n",
  "${",
  "$(",
];

Deno.test("any text gives a tree or an error", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 200 }), (pieces) => {
    try {
      parseShell(pieces.join(""));
    } catch (error) {
      if (!(error instanceof ShellError)) throw error;
    }
  }));
});

Deno.test("a large script gives one, too", () => {
  for (const piece of ["a b\n", "'x' ", "<<E\n", "f() { a; }\n", "\\", "$", "a=b;"]) {
    const text = piece.repeat(200_000 / piece.length);
    try {
      parseShell(text);
    } catch (error) {
      assert(error instanceof ShellError);
    }
  }
});
