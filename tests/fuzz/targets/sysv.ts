/** Targets: files and requests of SysV's: inittab, init scripts with their headers, insserv's files, the FIFO, utmp. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  Catalog,
  computeOrder,
  expand,
  facilityCircle,
  type InitHeader,
  jobOfScript,
  lintScript,
  missingFields,
  parseChkconfig,
  parseDependRules,
  parseFacilities,
  parseHeader,
  parseInittab,
  pidFileOf,
  plannedLinks,
  type ScriptFacts,
  scriptJobs,
  serviceOf,
} from "../../../compat/sysv/mod.ts";
import { allBefore } from "../../../compat/sysv/rc/depend_rules.ts";
import { allSteps } from "../../../compat/sysv/steps.ts";
import { ShellError } from "../../../compat/sysv/shell/lexer.ts";
import { parseShell, simpleCommands } from "../../../compat/sysv/shell/parser.ts";
import { fieldsOf, valueOfWord } from "../../../compat/sysv/shell/values.ts";
import { parseRequest } from "../../../lib/cli/sysv/request.ts";
import { dueTime } from "../../../lib/cli/system/schedule.ts";
import { entryJob } from "../../../lib/init/inittab/entry_job.ts";
import {
  BadRequest,
  decodeRequest,
  encodeRequest,
  REQUEST_SIZE,
} from "../../../lib/model/sysv/control_request.ts";
import { INITTAB_ACTIONS } from "../../../lib/model/sysv/inittab.ts";
import { validateLoadedJob } from "../../../lib/model/validate.ts";
import { BETWEEN, checkMessage, ofLatin1, ofSeveral, ofText, type Target, unlessRefused } from "../target.ts";

function readInittab(text: string): void {
  const { entries, problems, initdefault } = parseInittab(text, "/etc/inittab");
  const lines = text.split("\n").length;
  for (const { line, message } of problems) {
    checkMessage(message);
    assert.ok(line >= 1 && line <= lines);
  }
  assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length, "an ID stands there twice");
  for (const entry of entries) {
    assert.ok(entry.id.length <= 4 && Object.hasOwn(INITTAB_ACTIONS, entry.action));
    validateLoadedJob(entryJob(entry, { console: "none", hasInitscript: text.length % 2 === 0 }));
  }
  assert.ok(initdefault === undefined || /^[0-9Ss]$/.test(initdefault));
}

function checkHeader(header: InitHeader, text: string): void {
  const lines = text.split("\n").length, fields = [...Object.values(header.fields), ...header.unused];
  for (const { line } of fields) assert.ok(line > header.begin && line <= lines);
  missingFields(header);
}

/** Scripts, each of which lies beside the others, with a machine's insserv.conf in front. */
function readScripts(config = "", ...texts: string[]): void {
  const facilities = parseFacilities([config]), catalog = new Catalog(), scripts: ScriptFacts[] = [];
  if (facilityCircle(facilities)) return;
  for (const [index, text] of texts.entries()) {
    const header = parseHeader(text);
    if (header) checkHeader(header, text);
    const line = parseChkconfig(text);
    if (line) assert.ok(line.startNumber <= 99 && line.stopNumber <= 99);
    const service = serviceOf(`s${index}`, `/etc/init.d/s${index}`, header, facilities);
    service.enabled = true;
    if (catalog.add(service).length > 0) continue;
    scripts.push({ service, path: service.file, pidFile: pidFileOf(text), isNumbered: header === undefined });
  }
  const surroundings = {
    facilities,
    links: [],
    downAction: texts.length % 2 === 0 ? "start" : "stop",
  } as const;
  for (const job of allSteps(scriptJobs(scripts, catalog, surroundings)).jobs) validateLoadedJob(job);
  const links = plannedLinks(computeOrder(catalog, facilities));
  for (const { name } of links) assert.match(name, /^[SK]\d\ds\d+$/);
}

/** The text of one script: what it sets, what it calls, what the linter says, and the job that it becomes. */
function readScript(text: string): void {
  const facilities = parseFacilities([]),
    surroundings = { facilities, isInstalled: true, isProvided: () => false };
  const lines = text.split("\n").length;
  for (const { reason, line = 1 } of lintScript("mill", text, surroundings)) {
    checkMessage(reason);
    assert.ok(line >= 1 && line <= lines);
  }
  const statements = unlessRefused(() => parseShell(text), ShellError);
  const variables = (name: string) => name === "A" ? "a b" : name === "N" ? null : undefined;
  for (const { words } of simpleCommands(statements ?? [])) {
    for (const word of words) {
      fieldsOf(word, variables);
      valueOfWord(word, variables);
    }
  }
  pidFileOf(text);
  const file = { path: "/etc/init.d/mill", name: "mill", text };
  const { definition, lost } = jobOfScript(file, { facilities, areScriptsJobs: text.length % 2 === 0 });
  validateLoadedJob(definition);
  assert.ok(lost.length <= 100);
}

function readFacilities(text: string): void {
  const facilities = parseFacilities([text]);
  facilityCircle(facilities);
  for (const name of [...facilities.members.keys()].slice(0, 20)) {
    const { services } = expand(facilities, name);
    assert.ok(services.every((service) => !service.name.startsWith("$")));
  }
}

function readRules(text: string): void {
  const rules = parseDependRules(text);
  for (const target of rules.targets.slice(0, 20)) assert.ok(!allBefore(target, rules).has(target));
}

/** Requests behind each other, as the FIFO has them. What is decoded can be encoded as the same. */
function readRequests(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += REQUEST_SIZE) {
    const request = unlessRefused(() => decodeRequest(bytes.subarray(at, at + REQUEST_SIZE)), BadRequest);
    if (!request) continue;
    if (request.command === "runlevel" && request.runlevel === "") continue;
    const again = unlessRefused(() => encodeRequest(request), BadRequest);
    if (again) assert.deepEqual(decodeRequest(again), request);
  }
}

/** What people write for shutdown and insserv. */
function readWords(text: string): void {
  const now = new Date(2026, 10, 30, 4, 15);
  for (const word of text.split("\n")) {
    const due = dueTime(word, now);
    if (due && "minutes" in due) assert.ok(Number.isSafeInteger(due.minutes) && due.minutes >= 0, word);
    else if (due) assert.ok(due.at > now && +due.at - +now <= 25 * 3_600_000, word);
    const { start = 0, stop = 0 } = parseRequest(word);
    assert.ok(start >> 8 === 0 && stop >> 8 === 0);
  }
}

const names = fc.constantFrom("a", "b", "c", "$network", "$all", "$local_fs", "+$x", "s0", "s1");
const list = fc.array(names, { maxLength: 4 }).map((all) => all.join(" "));
const field = fc.tuple(
  fc.constantFrom(
    "Provides",
    "Required-Start",
    "Required-Stop",
    "Should-Start",
    "X-Start-Before",
    "X-Stop-After",
  ),
  list,
);
const header = fc.array(field, { maxLength: 7 }).map((fields) =>
  `#!/bin/sh\n### BEGIN INIT INFO\n# Default-Start: 2 3 S\n# Default-Stop: 0 6\n${
    fields.map(([name, words]) => `# ${name}: ${words}\n`).join("")
  }### END INIT INFO\n`
);
const facilityLine = fc.tuple(fc.constantFrom("$x", "$y", "$network", "<interactive>"), list).map((both) =>
  both.join(" ")
);
const config = fc.oneof(
  fc.array(facilityLine, { maxLength: 6 }).map((lines) => lines.join("\n")),
  // A chain that is longer than a stack is deep.
  fc.integer({ min: 1, max: 9000 }).map((count) =>
    Array.from({ length: count }, (_, index) => `$f${index} $f${index + 1}\n`).join("")
  ),
);
const entry = fc.tuple(
  fc.stringMatching(/^\w{1,4}$/),
  fc.stringMatching(/^[0-9S]{0,3}$/),
  fc.constantFrom(...Object.keys(INITTAB_ACTIONS), "RESPAWN", ""),
  fc.constantFrom("/sbin/getty 38400 tty1", "+/bin/x", "", " x:y"),
);
const request = fc.tuple(
  fc.integer({ min: -1, max: 8 }),
  fc.nat(0x80),
  fc.integer(),
  fc.string({ maxLength: 40 }),
)
  .map(([command, runlevel, time, data]) => {
    const bytes = Buffer.alloc(REQUEST_SIZE);
    [0x03091969, command, runlevel, time].forEach((number, index) => bytes.writeInt32LE(number, 4 * index));
    bytes.write(data.replaceAll(" ", "\0"), 16);
    return bytes;
  });

const HEADER_WORDS = [
  ...["# Provides: /a completed(b c//d e\n", "# Required-Start: x/ completed(\n", "\0"],
  ..."### BEGIN INIT INFO\n|### END INIT INFO\n|# Provides: a\n|# Required-Start: $all\n|# Default-Start: 2 3\n|#\t|#  "
    .split("|"),
  ..."# chkconfig: 2345 20 80\n|# X-Interactive: true\n|# Should-Stop: |$network|$local_fs|$all|,|;|\t|\r\n"
    .split("|"),
];
const SHELL_WORDS = [
  ...'case "$1" in\n|start)|;;\n|esac\n|if |then |fi\n|while |do |done\n|<<EOF\n|EOF\n|$(|${|`|}|)|&&|\\\n|\'|"|#|A=b\n'
    .split("|"),
  ..."start-stop-daemon --start --exec |--pidfile /run/a.pid|daemon |killproc |. /lib/lsb/init-functions\n|f() {\n|$A|${N:-|exit 0\n"
    .split("|"),
  ..."DAEMON=/usr/sbin/x\n|PIDFILE=/var/run/$NAME.pid\n|test -x $DAEMON || exit 0\n|<<-\t'E'\n|((|;|&|2>&1|>/dev/null"
    .split("|"),
];

export const SYSV: readonly Target[] = [
  {
    name: "inittab",
    from: "/etc/inittab and the files of /etc/inittab.d",
    read: ofLatin1(readInittab),
    shapes: fc.array(entry, { maxLength: 8 }).map((lines) =>
      lines.map((fields) => fields.join(":")).join("\n")
    ),
    words: [...Object.keys(INITTAB_ACTIONS), ":", "::", "id:3:initdefault:\n", "1:23:respawn:/x\n"],
    longest: 1 << 20,
  },
  {
    name: "lsb-headers",
    from: "headers of init scripts, chkconfig lines and insserv.conf, and the order that follows",
    read: ofSeveral(readScripts),
    shapes: fc.tuple(config, fc.array(header, { minLength: 1, maxLength: 5 })).map(([first, all]) =>
      Buffer.from([first, ...all].join(BETWEEN), "latin1")
    ),
    words: [...HEADER_WORDS, BETWEEN],
  },
  {
    name: "init-scripts",
    from: "init scripts as texts: the shell's words, the linter, the job that one becomes",
    read: ofLatin1(readScript),
    shapes: fc.tuple(header, fc.array(fc.constantFrom(...SHELL_WORDS), { maxLength: 30 })).map((
      [first, all],
    ) => first + all.join("")),
    words: [...HEADER_WORDS, ...SHELL_WORDS],
  },
  {
    name: "insserv.conf",
    from: "facilities of insserv.conf",
    read: ofLatin1(readFacilities),
    shapes: config,
    words: ["$all", "+", "<interactive>", "#"],
  },
  {
    name: "depend-files",
    from: "insserv's files .depend.boot, .depend.start and .depend.stop",
    read: ofLatin1(readRules),
    words: ["TARGETS = ", "INTERACTIVE = ", "a: b\n", "b: a c\n", "\\\n", ":", "\r\n"],
  },
  {
    name: "initctl-fifo",
    from: "requests that SysV's clients write to /run/initctl",
    read: readRequests,
    shapes: fc.array(request, { maxLength: 3 }).map((all) => Buffer.concat(all)),
    longest: 1 << 14,
  },
  {
    name: "sysv-words",
    from: "times for shutdown, words for insserv",
    read: ofText(readWords),
    words: ["now", "+5", "+00:10", "23:59", "24:00", "cron,start=2,3,stop=0", ",start=", "start=S"],
  },
];
