/** Scripts are told from those that only bash understands. */

import assert from "node:assert/strict";
import { isBashScript } from "./bash_syntax.ts";

const BASH = [
  "start() { a=(1 2); echo ${a[1]}; }",
  "local -a names=( $list )",
  "opts+=( --verbose )",
  'opts+=" --verbose"',
  "if [[ -n $x ]]; then :; fi",
  "for ((i = 0; i < 3; i++)); do :; done",
  "(( count++ ))",
  "function start {\n:\n}",
  "echo ${name//./_} ${name^^} ${name:0:3} ${!name}",
  "read x <<< $y",
  "diff <(a) <(b)",
  "cmd &> /dev/null",
  "declare -A map",
  "source /etc/functions",
];

const ANY = [
  "start() {\n\tstart-stop-daemon --start --exec $x -- --a=$((1 + 2))\n}",
  "x=${name%%.*} y=${name:-default} z=${name#*[0-9]}",
  "case $x in\n\ta|b) : ;;\nesac",
  "# if [[ -n $x ]]; then a=(1)",
  "awk '{ a[1]=(2); if (x ~ /[[:space:]]/) print <<< }' f",
  "cat <<EOF\nif [[ x ]]; then a=(1 2)\nEOF",
  "( cd / && ls ) & wait",
  "echo hello >&2 2>&1",
  '[ "$a" = "(x)" ] && b="$(cmd)"',
];

Deno.test("what only bash understands is found", () => {
  assert.deepEqual(BASH.filter((text) => !isBashScript(`#!/sbin/openrc-run\n${text}\n`)), []);
});

Deno.test("what any shell understands is not taken for it", () => {
  assert.deepEqual(ANY.filter((text) => isBashScript(`#!/sbin/openrc-run\n${text}\n`)), []);
});
