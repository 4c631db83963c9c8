/** The linter of headers: each rule is broken once. */

import assert from "node:assert/strict";
import { parseFacilities } from "./facilities.ts";
import { lintScript } from "./lint.ts";

const FACILITIES = parseFacilities(["$mail +exim4\n"]);

const GOOD = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          web
# Required-Start:    $network $mail
# Required-Stop:     $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: serves pages
### END INIT INFO
case $1 in start|stop|restart|force-reload) ;; esac
`;

function lint(text: string): string[] {
  return lintScript("web", text, FACILITIES).map(({ line, reason, isWarning }) =>
    `${line ?? ""}${isWarning ? "?" : "!"} ${reason}`
  );
}

Deno.test("nothing is wrong with a good script", () => assert.deepEqual(lint(GOOD), []));

const CASES: Array<[change: [from: string, to: string], found: RegExp[]]> = [
  [["BEGIN", "begin"], [/^! no header/]],
  [["### END INIT INFO\n", ""], [/^2! the header has no `### END/]],
  [["# Default-Stop:      0 1 6\n", ""], [/^2! .* no Default-Stop/]],
  [["# Short-Description: serves pages\n", ""], [/^2\? .* no Short-Description/]],
  [["case", "### BEGIN INIT INFO\ncase"], [/^10\? a second header/]],
  [["# Short", "# Colour: red\n# Short"], [/^8\? unknown field Colour/]],
  [["# Short", "# Provides: more\n# Short"], [/^8\? Provides stands here again/]],
  [["$network $mail", "$network  $mail"], [/^4\? Required-Start: .* two blanks/]],
  [["# Default-Start", "#    more\n# Default-Start"], [/^6\? only a Description/]],
  [["web\n", "www\n"], [/^3\? Provides: the script's own name, web/]],
  [["web\n", "web $mail\n"], [/^3! Provides: \$mail is a facility/]],
  [["2 3 4 5", "2 3 x"], [/^6\? Default-Start: x is no runlevel/]],
  [["2 3 4 5", "2 B"], [/^6! Default-Start: with B insserv ends/]],
  [["0 1 6", "0 1 5 6"], [/^7\? 5 in Default-Start and in Default-Stop/]],
  [["0 1 6", "0 6"], [/^7\? Default-Stop: .*, 1 not there/]],
  [["$network $mail", "$unheard"], [/^4\? Required-Start: nothing defines the facility \$unheard/]],
  [["$network $mail", "$all"], [/^4\? Required-Start: \$all is no requirement/]],
  [["$network $mail", "web"], [/^4\? Required-Start: web is the script itself/]],
  [["|force-reload", ""], [/^\? no action force-reload/]],
];

for (const [[from, to], found] of CASES) {
  Deno.test(`lint: ${JSON.stringify(from)} as ${JSON.stringify(to)}`, () => {
    assert(GOOD.includes(from));
    const findings = lint(GOOD.replace(from, to));
    assert.equal(findings.length, found.length, findings.join("\n"));
    found.forEach((pattern, index) => assert.match(findings[index]!, pattern));
  });
}

Deno.test("lint: lines that end with CR LF", () => {
  assert.deepEqual(lint(GOOD.replaceAll("\n", "\r\n")), [
    "1! lines end with CR LF; the kernel finds no interpreter then",
  ]);
});
