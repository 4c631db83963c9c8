/** Whatever a job file holds, it becomes a module, soon, or is refused. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { moduleComments } from "../comments.ts";
import { readComments } from "../../../compat/upstart/comments.ts";
import { parseConf } from "../../../compat/upstart/parse.ts";
import { ParseError } from "../error.ts";
import { formatModule, plainScript, siblingsAmong } from "./mod.ts";

/** Converts a file, if it can be read. */
function convert(text: string): string | undefined {
  try {
    const definition = parseConf(text, "f", "mill");
    const { comments, manual } = readComments(text, "f");
    const siblings = siblingsAmong(new Map([["mill", definition], ["a", definition]]))("mill");
    return formatModule(definition, { comments, ...(manual && { manual }), siblings }).text;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    assert.ok(error.detail.length < 1000);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(error.detail, /[\x00-\x1f\x7f]/);
    return undefined;
  }
}

const part = fc.constantFrom(
  ..."start on |stop on |started |a|mill|(|)| and | or |\n|\\\n|'|\"|#|\r|\0|\u2028| |script\n|end script\n|exec "
    .split("|"),
  ..."`|${|$(|}|\\|<<|<<EOF\n|EOF\n|*/|//|env A=|export |kill timeout 5|instance |RESULT=|é|\xff|-x |manual\n"
    .split("|"),
);
const bytes = fc.array(part, { maxLength: 60 }).map((parts) =>
  Buffer.from(parts.join("")).toString("latin1")
);

Deno.test("any file becomes a module that can be parsed, or is refused", () => {
  fc.assert(
    fc.property(bytes, (text) => {
      const module = convert(text);
      if (module === undefined) return;
      moduleComments(module);
      // The body is an expression; imports and declarations stand before it.
      new Function(
        `return ${
          /export default job(\([^]*\));\n$/.exec(module)![1]!.replaceAll(/<"[^>]*>\(/g, "(").replaceAll(
            " as object",
            "",
          ).replaceAll(" as never", "")
        }`,
      );
    }),
    { numRuns: 3000 },
  );
});

const LARGE: Record<string, string> = {
  "lines that go on": `script\n\n${"  a \\\n".repeat(2e5)}\nend script`,
  "a long line": `script\n\n  a ${"b ".repeat(4e5)}\nend script`,
  "quotes": `script\n\n  a ${`"b" 'c' `.repeat(1e5)}\nend script`,
  "quotes that stay open": `script\n\n  a ${`"$("`.repeat(2e5)}\nend script`,
  "substitutions": `script\n\n  a ${`"$(b 'c')" $((1 + 2)) `.repeat(4e4)}\nend script`,
  "backslashes": `script\n\n  a ${"\\".repeat(8e5)}\nend script`,
  "blanks": `script\n\n${" ".repeat(4e5)}a\n${"\t".repeat(4e5)}b\nend script`,
  "a long command": `exec a ${"-b ".repeat(3e5)}c`,
  "a command of one word": `exec ${"a".repeat(8e5)}`,
  "comments": "# a\n".repeat(2e5),
  "comments of one stanza": `${"# a\nenv A=1\n".repeat(5e4)}`,
  "operators": `start on ${"started a or ".repeat(999)}started mill`,
  "variables": `instance ${"$A".repeat(3e5)}`,
  "a word that begins no stanza": "a".repeat(8e5),
  "a stanza of many lines": `start on ${"(a\n".repeat(1e5)}`,
};
for (const [what, text] of Object.entries(LARGE)) {
  Deno.test(`a file of a megabyte is converted or refused: ${what}`, () => void convert(text));
}

Deno.test("a script means the same to the shell without its indentation", async () => {
  const line = fc.constantFrom(
    "echo a \\",
    "  echo 'b  c' \\",
    "b",
    '  "d e" \\',
    "# f \\",
    "# it's",
    "echo g # h \\",
    "echo i\\",
    "  j",
    "",
    'echo "k',
    '  l"',
    "echo $((1 << 2)) \\",
    "cat <<END",
    "  m",
    "END",
    "echo $(echo n \\",
    "  o)",
    "\techo p \\",
  );
  const scripts = fc.sample(fc.array(line, { minLength: 1, maxLength: 6 }), 100).map((lines) =>
    lines.map((line) => `    ${line}\n`).join("")
  );
  const shell = async (script: string) => {
    const child = new Deno.Command("/bin/sh", { args: ["-c", script], stderr: "null", stdin: "null" });
    const { code, stdout } = await child.output();
    return `${code} ${new TextDecoder().decode(stdout)}`;
  };
  for (const script of scripts) {
    const plain = plainScript(`\n${script}`);
    if (plain !== script) assert.equal(await shell(plain), await shell(script), script);
  }
});
