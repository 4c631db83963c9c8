/** The linter of headers: each rule is broken once. */

import assert from "node:assert/strict";
import { parseFacilities } from "../facilities.ts";
import type { LintSurroundings } from "./finding.ts";
import { lintScript } from "./lint.ts";

const MACHINE: LintSurroundings = {
  facilities: parseFacilities(["$mail +exim4\n$store disk\n"]),
  isInstalled: true,
  isProvided: (name) => name === "db",
};

const GOOD = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          web
# Required-Start:    $network $mail
# Required-Stop:     $network
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: serves pages
### END INIT INFO
case $1 in start|stop|restart|force-reload|status) ;; *) echo usage ;; esac
`;

function lint(text: string): string[] {
  return lintScript("web", text, MACHINE).map(({ line, reason, isWarning }) =>
    `${line ?? ""}${isWarning ? "?" : "!"} ${reason}`
  );
}

Deno.test("nothing is wrong with a good script", () => assert.deepEqual(lint(GOOD), []));

const CASES: Array<[change: [from: string, to: string], found: RegExp[]]> = [
  [["BEGIN", "begin"], [/^! no header.*without links it is not started/]],
  [["### BEGIN", "# chkconfig: 35 10 90\n### begin"], [/^\? no header.*`# chkconfig:'/]],
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
  [["2 3 4 5", "2 3 4 5 x"], [/^6\? Default-Start: x is no runlevel/]],
  [["2 3 4 5", "2 3 4 5 B"], [/^6! Default-Start: with B insserv ends/]],
  [["0 1 6", "0 1 5 6"], [/^7\? 5 in Default-Start and in Default-Stop/]],
  [["0 1 6", "0 6"], [/^7\? Default-Stop: .*, 1 not there/]],
  [["$network $mail", "$unheard"], [/^4\? Required-Start: nothing defines the facility \$unheard/]],
  [["$network $mail", "$mail db $store nothing"], [
    /^4! Required-Start: no script provides disk/,
    /^4! Required-Start: no script provides nothing; insserv does not enable/,
  ]],
  [["$network $mail", "$all"], [/^4\? Required-Start: \$all is no requirement/]],
  [["$network $mail", "web"], [/^4\? Required-Start: web is the script itself/]],
  [["|force-reload", ""], [/^\? no action force-reload$/]],
  [["|status", ""], [/^\? no action status$/]],
  [["start|stop", "starting|stop"], [/^\? no action start$/]],
  [["*) echo usage ;;", ""], [/^\? an unknown action is not answered/]],
  [["serves pages", `serves ${"p".repeat(74)}`], [/^8\? Short-Description: 81 characters; 80 at most/]],
  [["serves pages", "Example initscript"], [/^8\? words of the example/]],
  [["# Short", "Short"], [
    /^2\? the header has no Short-Description/,
    /^8\? this line of the header is no comment/,
  ]],
  [["0 1 6", "0 1 6 S"], [/^7\? Default-Stop: S is the boot/]],
  [["2 3 4 5", "2 3 5"], [/^7\? in 4 the script is neither started nor stopped/]],
  [["# Short", "# Should-Start: db\n# Short"], [/^8\? Should-Start without Should-Stop/]],
  [["# Short", "# X-UnitedLinux-Should-Stop: db\n# Short"], [
    /^8\? X-UnitedLinux-Should-Stop is an old name of Should-Stop/,
  ]],
  [["$network $mail", "$netdaemons"], [/^4\? Required-Start: \$netdaemons is gone since LSB 1\.2/]],
  [["echo usage", "/usr/bin/logger usage"], [
    /^4\? Required-Start: no \$remote_fs, though line 10 uses \/usr/,
  ]],
  [["echo usage", "cat /var/lib/usage"], [/^4\? Required-Start: no \$local_fs, though line 10 uses \/var/]],
];

for (const [[from, to], found] of CASES) {
  Deno.test(`lint: ${JSON.stringify(from)} as ${JSON.stringify(to)}`, () => {
    assert(GOOD.includes(from));
    const findings = lint(GOOD.replace(from, to));
    assert.equal(findings.length, found.length, findings.join("\n"));
    found.forEach((pattern, index) => assert.match(findings[index]!, pattern));
  });
}

Deno.test("lint: what a script requires that is not installed may be there where it will be", () => {
  const text = GOOD.replace("$network $mail", "nothing");
  const [found] = lintScript("web", text, { ...MACHINE, isInstalled: false });
  assert.equal(found?.isWarning, true);
});

Deno.test("lint: lines that end with CR LF", () => {
  assert.deepEqual(lint(GOOD.replaceAll("\n", "\r\n")), [
    "1! lines end with CR LF; the kernel finds no interpreter then",
  ]);
});

Deno.test("lint: a name that the LSB does not allow", () => {
  const [found] = lintScript("Web_Server", GOOD.replace("web\n", "Web_Server\n"), MACHINE);
  assert.match(found!.reason, /^the name Web_Server is not one that the LSB allows/);
});

Deno.test("lint: a script of init-d-script has its actions from there", () => {
  const text = GOOD.replace("#!/bin/sh", "#!/usr/bin/env /lib/init/init-d-script").replace(/^case.*/m, "");
  assert.deepEqual(lint(text), []);
});

Deno.test("lint: what the script is not made of is not looked at", () => {
  const text = GOOD.replace("case", "# reads /usr/share/doc\nPATH=/usr/bin:/bin\ncase");
  assert.deepEqual(lint(text), []);
  assert.deepEqual(lint(`${GOOD}echo 'the quote does not end\n`), []);
});
