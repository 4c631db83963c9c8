import assert from "node:assert/strict";
import { emptyJob } from "../../lib/model/job.ts";
import { Lexer } from "./lexer.ts";
import { parseConf } from "./parse.ts";
import { ParseError } from "../../lib/formats/error.ts";
import { readStanzas } from "./stanzas.ts";

const latin1 = (text: string) =>
  new TextEncoder().encode(text).reduce((all, byte) => all + String.fromCharCode(byte), "");
const parse = (text: string) => parseConf(text, "/conf/mill.conf", "mill");

/** The message of the error that a file gives, without the file's name. */
function problem(text: string): string {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof ParseError, String(error));
    assert.ok(error.message.startsWith("/conf/mill.conf:"));
    return error.message.slice("/conf/mill.conf:".length);
  }
  assert.fail(`no error in ${JSON.stringify(text)}`);
}

function table<Row extends [string, unknown]>(
  title: string,
  rows: Row[],
  read: (text: string) => unknown,
): void {
  for (const [text, expected] of rows) {
    Deno.test(`${title}: ${JSON.stringify(text)}`, () => assert.deepEqual(read(text), expected));
  }
}

table("word", [
  ["usage corn", "corn"],
  ["  \t usage\t corn \r\n", "corn"],
  ["\n\n # first\nusage corn # and rye", "corn"],
  ["usage corn#rye", "corn"],
  ["usage 'corn # rye'", "corn # rye"],
  ["usage \"two  'words'\"", "two  'words'"],
  ["usage co'r'\"n\"''", "corn"],
  ["usage a\\ b\\\tc", "a b\tc"],
  ["usage a\\\\b", "a\\b"],
  ["usage 'a\\\\b'", "a\\b"],
  ['usage a\\nb\\"c\\#d\\$e', 'a\\nb\\"c\\#d\\$e'],
  ['usage "a\\"b"', 'a\\"b'],
  ["usage 'a \\b'", "a \\b"],
  ["usage 'say  \\\"hi\\\"'", 'say  \\"hi\\"'],
  ["usage 'corn  \n   rye'", "corn rye"],
  ["usage 'corn\n\n\\\n rye\n'", "corn rye "],
  ["usage corn\\\nrye", "corn rye"],
  ["usage corn\\\n   # rye", "corn"],
  ["usage \\\n\\\n  corn", "corn"],
  ["usage a\vb", "a\vb"],
  ["usage 'a\rb'", "a\rb"],
  ["\0usage\0corn\0", "corn"],
  ["usage 'corn\0rye'", "corn"],
  ["usage corn\nusage rye", "rye"],
  ["usage corn\\\n'rye  mill'", "corn rye  mill"],
  ["usage 'corn \\\n  rye'mill", "corn ryemill"],
  ["usage 'a\"b'\"c'd\"", "a\"bc'd"],
], (text) => parse(text).usage);

table("command", [
  ["exec grind  'corn  mill' \"$X\"   # slowly", "grind  'corn  mill' \"$X\""],
  ["exec grind \\\n   corn\\\nrye \\\n", "grind corn rye"],
  ["exec grind 'corn \n  rye'", "grind 'corn rye'"],
  ["exec grind a\\ b\\\\c \\$X", "grind a\\ b\\\\c \\$X"],
  ["exec grind corn\\  ", "grind corn\\ "],
  ['exec grind "a # b" c#d', 'grind "a # b" c'],
  ["exec grind a\rb\r\n", "grind a\rb"],
  ["exec grind\0corn", "grind"],
  ["exec grind \t\nusage a", "grind"],
  ["exec grind \v a\v", "grind \v a\v"],
  ["exec 'corn\\'s  mill' # slowly", "'corn\\'s  mill'"],
  ["exec grind '#' \"#\" #x", "grind '#' \"#\""],
], (text) => {
  const main = parse(text).processes.main;
  return main?.kind === "exec" ? main.command : main;
});

table("script", [
  ["script\n    one\n      two\n    three\nend script", "one\n  two\nthree\n"],
  ["script\n\tone\n  two\nend script", "\tone\n  two\n"],
  ["script\n  one\n\n  two\nend script", "  one\n\n  two\n"],
  ["script\n   one\n \n  two\nend script", "  one\n\n two\n"],
  ["script # remark\r\n  one\r\n  two\r\n \tend \t script \r\n", "one\r\ntwo\r\n"],
  ["script\nend script", ""],
  ["script\n\nend script", "\n"],
  [
    "script\necho 'a\nend script now\nend scripts\nendscript\nend script;\n'\nend script#done",
    "echo 'a\nend script now\nend scripts\nendscript\nend script;\n'\n",
  ],
  ["script\none \\\nend script", "one \\\n"],
  ["script\n  a\rend script\n  end\0script\n", "a\rend script\n"],
  ["script\n a\0b  \n c\nend script", "a\n"],
  ["script\nfirst\nend script\nscript\nlast\nend script", "last\n"],
], (text) => {
  const main = parse(text).processes.main;
  return main?.kind === "script" ? main.text : main;
});

table("error", [
  ["bogus", "1: Unknown stanza"],
  ["usage a\nconstructor b", "2: Unknown stanza"],
  ["'usage' corn", "1: Unknown stanza"],
  ["Usage corn", "1: Unknown stanza"],
  ["\\\nusage corn", "2: Unknown stanza"],
  ["\xef\xbb\xbfusage corn", "1: Unknown stanza"],
  ["\fusage corn", "1: Unknown stanza"],
  ["usage", "1: Expected token"],
  ["usage # corn", "1: Expected token"],
  ["usage ''", "1: Expected token"],
  ["usage \\\n\nusage corn", "2: Expected token"],
  ["usage corn rye", "1: Unexpected token"],
  ["usage corn \\\n  rye", "2: Unexpected token"],
  ["usage corn\\\n  rye", "2: Unexpected token"],
  ["usage 'corn\n", "2: Unterminated quoted string"],
  ['exec "corn', "1: Unterminated quoted string"],
  ["usage corn\\", "1: Trailing slash in file"],
  ["exec 'a\\", "1: Trailing slash in file"],
  ["script\n  one", "2: Unterminated block"],
  ["script\n  one\n\n", "4: Unterminated block"],
  ["script one\nend script", "1: Unexpected token"],
  ["script\\\n one\nend script", "2: Unexpected token"],
  ["script\nend script\nend script", "3: Unknown stanza"],
  ["usage 'a\nb'\nbogus", "3: Unknown stanza"],
  ["env A='corn", "1: Unterminated quoted string"],
  ['env A="b\nc\\\nd" e', "3: Unexpected token"],
  ["script\na\nb\nend script\nexport A \\\n B\nbogus", "7: Unknown stanza"],
  ["umask \\\n 'a\nb'", "2: Illegal file creation mask, expected octal integer"],
], problem);

Deno.test("an error tells file, line and reason", () => {
  assert.throws(() => parse("task\nbogus"), {
    name: "ParseError",
    file: "/conf/mill.conf",
    line: 2,
    reason: "Unknown stanza",
    message: "/conf/mill.conf:2: Unknown stanza",
  });
});

Deno.test("UTF-8 is decoded, other bytes are kept apart", () => {
  assert.equal(parse(latin1("usage 'größe → 大小 🌾'")).usage, "größe → 大小 🌾");
  assert.equal(parse("usage a\xa0b").usage, "a\udca0b");
  assert.equal(parse("usage \xc0\xaf\xed\xa0\x80\xf5").usage, "\udcc0\udcaf\udced\udca0\udc80\udcf5");
});

Deno.test("comments are remembered, and the empty lines between stanzas", () => {
  const lexer = new Lexer(
    "#a\n \n\t# b \n\ntask # c\n\n  manual # d\nscript #e\n# no\n\nend script # g\n#f",
    "f",
  );
  readStanzas(lexer, emptyJob("mill", "f"));
  assert.deepEqual(lexer.takeComments(), ["#a", "", "# b ", "", "# c", "", "# d", "#e", "# g", "#f"]);
  assert.deepEqual(lexer.takeComments(), []);
});
