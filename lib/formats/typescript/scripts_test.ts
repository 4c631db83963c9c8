import assert from "node:assert/strict";
import { scriptText } from "../../author/values.ts";
import { plainScript, scriptLiteral } from "./scripts.ts";

const FREE: Record<string, string> = {
  "    a\n\n      b\n": "a\n\n  b\n",
  "\n\n  a\n": "a\n",
  "    a\n\tb\n": "a\n    b\n",
  "  a 'b  c' # don't\n\n  d\n": "a 'b  c' # don't\n\nd\n",
  '  x="$(sed -e \'s/"//\' "$1")" ${y#z} $#\n\n  b\n': 'x="$(sed -e \'s/"//\' "$1")" ${y#z} $#\n\nb\n',
  "  a < b `c d`\n\n": "a < b `c d`\n\n",
  "\n    a \\\n      b\n": "a \\\n  b\n",
  "  a \\\n\n  b\n": "a \\\n\nb\n",
  "\n  a 'b' \\\n    && c \\\n    # d \\\n  e\n": "a 'b' \\\n  && c \\\n  # d \\\ne\n",
  "\n  a $((1 << 2))\n": "a $((1 << 2))\n",
};

const BOUND = [
  "  cat <<END\n\n  x\nEND\n",
  "  a 'b\n\n  c'\n",
  '  a "b\n\n  c"\n',
  '  a "$(b "\n  c")"\n\n',
  "  a `b\n  c`\n\n",
  "  a\\\n  b\n\n",
  "  a 'b \\\n  c'\n\n",
  '  a "b \\\n  c"\n\n',
  "  a \\\n  'b\n  c'\n\n",
];

Deno.test("a script loses indentation that means nothing, and keeps what does", () => {
  for (const [script, plain] of Object.entries(FREE)) assert.equal(plainScript(script), plain);
  for (const script of BOUND) assert.equal(plainScript(script), script);
});

Deno.test("a script's literal stands for it, wherever it stands", () => {
  const odd = ["a\\ `b` ${c} $d\r\u0001\udcff\n", "", "x", "  \n  x\n", "a\n   \n"];
  for (const script of [...Object.keys(FREE), ...BOUND, ...odd]) {
    for (const indentation of [2, 4]) {
      const text = new Function(`return ${scriptLiteral(script, indentation)}`)();
      assert.equal(scriptText(text), plainScript(script).replace(/(?<=.)\n?$/, "\n"));
    }
  }
});
