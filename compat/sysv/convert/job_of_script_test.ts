/** Init scripts as jobs: shapes that are known, and those that are not. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { JobDefinition } from "../../../lib/model/job.ts";
import { validateJob } from "../../../lib/model/validate.ts";
import { formatCondition } from "../../upstart/condition.ts";
import { parseFacilities } from "../facilities.ts";
import type { ConvertedScript } from "./converted_script.ts";
import { jobOfScript } from "./job_of_script.ts";

const FACILITIES = parseFacilities(["$syslog +scribe\n$network cables\n"]);

const HEADER = `### BEGIN INIT INFO
# Provides:          oven heat
# Required-Start:    $syslog
# Required-Stop:     $syslog
# Should-Start:      $network mill $clock
# X-Start-Before:    cook
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: bakes
### END INIT INFO
`;

function convert(body: string, header = HEADER, areScriptsJobs = false): ConvertedScript {
  const converted = jobOfScript(
    { path: "/etc/init.d/oven", name: "oven", text: `#!/bin/sh\n${header}${body}` },
    { facilities: FACILITIES, areScriptsJobs },
  );
  validateJob(converted.definition);
  return converted;
}

/** A script that starts a daemon so, with lines in front of its `case` and of the start. */
function skeleton(start: string, prologue = "", before = "", actions = ""): string {
  return `${prologue}\ncase "$1" in\n  start)\n${before}\n${start}\n;;\n  stop) start-stop-daemon --stop --pidfile $PIDFILE ;;\n` +
    `${actions}  *) exit 2 ;;\nesac\n`;
}

/** What runs the daemon: words, or the lines of a script. */
function mainOf({ definition: { processes: { main } } }: ConvertedScript): string[] | string | undefined {
  if (main?.kind === "arguments") return main.words;
  return main?.kind === "script" ? main.text : undefined;
}

function calls({ definition: { processes } }: ConvertedScript): boolean {
  return processes.main === undefined || JSON.stringify(processes.main).includes("/etc/init.d/oven");
}

Deno.test("a header says what the job is, when it runs, and what it waits for", () => {
  const { definition, comments } = convert(skeleton("start-stop-daemon -S -b -x /bin/oven"));
  assert.equal(definition.description, "bakes");
  assert.deepEqual(definition.startOn, { kind: "event", name: "runlevel", matches: [{ value: "[2345]" }] });
  assert.deepEqual(definition.stopOn, { kind: "event", name: "runlevel", matches: [{ value: "[016]" }] });
  const { provides, uses, after, before } = definition;
  assert.deepEqual({ provides, uses, after, before }, {
    provides: ["heat"],
    uses: ["scribe"],
    after: ["cables", "mill"],
    before: ["cook"],
  });
  assert.match(comments.foot.join("\n"), /waits for \$clock: insserv\.conf does not say/);
});

Deno.test("where scripts are jobs, the job starts and stops with them", () => {
  const bodies = [HEADER, HEADER.replace("2 3 4 5", "S"), "# chkconfig: 345 10 90\n"];
  const found = bodies.map((header) => convert("oven\n", header, true).definition);
  const conditions = found.map(({ startOn, stopOn }) =>
    [startOn, stopOn].map((one) => one && formatCondition(one))
  );
  assert.deepEqual(conditions, [
    ["rc-start RUNLEVEL=[2345] PREVLEVEL!=[2345]", "rc-stop RUNLEVEL=[016]"],
    ["rc-start RUNLEVEL=[S] PREVLEVEL!=[S]", "rc-stop RUNLEVEL=[016]"],
    ["rc-start RUNLEVEL=[345] PREVLEVEL!=[345]", "rc-stop RUNLEVEL=[0126]"],
  ]);
});

Deno.test("a script of the boot starts with it; without a header nothing says when", () => {
  const body = skeleton("start-stop-daemon -S -b -x /bin/oven");
  const boot = convert(body, HEADER.replace("2 3 4 5", "S").replace("0 1 6", ""));
  assert.deepEqual([boot.definition.startOn, boot.definition.stopOn], [
    { kind: "event", name: "startup", matches: [] },
    undefined,
  ]);
  const none = convert(body, "");
  assert.equal(none.definition.startOn, undefined);
  assert.match(none.lost.join(), /no header/);
});

Deno.test("the pid file that nobody writes any more is a comment", () => {
  const { comments } = convert(skeleton("start-stop-daemon -S -b -m -p /run/o.pid -x /bin/oven"));
  assert.match(comments.foot.join("\n"), /pid written to \/run\/o\.pid; the job does not/);
});

Deno.test("the runlevels of a script without a header are those of its line chkconfig", () => {
  const { definition, comments, lost } = convert(
    "case $1 in start) oven ;; esac\n",
    "# chkconfig: 345 10 90\n",
  );
  assert.deepEqual(definition.startOn, { kind: "event", name: "runlevel", matches: [{ value: "[345]" }] });
  assert.deepEqual(definition.stopOn, { kind: "event", name: "runlevel", matches: [{ value: "[0126]" }] });
  assert.match(comments.foot.join("\n"), /chkconfig: … 10 90/);
  assert.doesNotMatch(lost.join("\n"), /no header/);
});

/** Starts that are known: the part of a script, and what is asked of the job. */
const KNOWN: Array<[name: string, body: string, main: string | string[], fields: Partial<JobDefinition>]> = [
  [
    "a program in the background",
    skeleton(
      "start-stop-daemon --start --quiet --background --make-pidfile --pidfile /run/o.pid --exec /bin/oven -- -f 'a b'",
    ),
    ["/bin/oven", "-f", "a b"],
    {},
  ],
  [
    "a daemon with a pid file, in variables",
    skeleton(
      "start-stop-daemon --start --pidfile $PIDFILE --exec $DAEMON -- $DAEMON_ARGS || return 2",
      'NAME=oven\nDAEMON=/bin/$NAME\nDAEMON_ARGS="-a -b"\nPIDFILE="/run/${NAME}.pid"',
    ),
    ["/bin/oven", "-a", "-b"],
    { pidFile: "/run/oven.pid", expect: "script" },
  ],
  [
    "a file of variables",
    skeleton(
      "start-stop-daemon --start --background --exec $DAEMON -- $DAEMON_OPTS",
      "DAEMON=/bin/oven\nUNUSED=x\n[ -r /etc/default/oven ] && . /etc/default/oven\n. /lib/lsb/init-functions",
    ),
    "set +e\nDAEMON=/bin/oven\n[ -r /etc/default/oven ] && . /etc/default/oven\nexec $DAEMON $DAEMON_OPTS\n",
    {},
  ],
  [
    "a script that ends at what fails, and a limit",
    skeleton(
      "start-stop-daemon --start --background --exec /bin/oven",
      'set -e\nif [ -n "$LIMIT" ]; then\n  ulimit -n $LIMIT\nfi',
    ),
    'if [ -n "$LIMIT" ]; then\n  ulimit -n $LIMIT\nfi\nexec /bin/oven\n',
    {},
  ],
  [
    "a user, a mask, a directory, a priority",
    skeleton("start-stop-daemon -S -b -c baker:bread -k 027 -d /srv -N 5 -x /bin/oven"),
    ["/bin/oven"],
    { setuid: "baker", setgid: "bread", umask: 0o27, chdir: "/srv", nice: 5 },
  ],
  [
    "functions, a question before, and messages",
    `do_start() {
  start-stop-daemon --start --quiet --pidfile /run/o.pid --exec /bin/oven --test > /dev/null || return 1
  start-stop-daemon --start --quiet --pidfile /run/o.pid --exec /bin/oven -- -d || return 2
}
${skeleton('log_daemon_msg x\ndo_start\ncase "$?" in 0|1) log_end_msg 0 ;; esac')}`,
    ["/bin/oven", "-d"],
    { pidFile: "/run/o.pid" },
  ],
  [
    "the LSB's function",
    skeleton("start_daemon -p /run/o.pid -n 3 /bin/oven -d"),
    ["/bin/oven", "-d"],
    { pidFile: "/run/o.pid", nice: 3 },
  ],
  [
    "Red Hat's function",
    skeleton("daemon --user baker --pidfile=/run/o.pid /bin/oven -d"),
    ["/bin/oven", "-d"],
    { pidFile: "/run/o.pid", setuid: "baker" },
  ],
  [
    "the script's own name",
    skeleton(
      "start-stop-daemon --start --background --exec /bin/$NAME -- $ARGS",
      'NAME=$(basename "$0")\n[ -r /etc/default/$NAME ] && . /etc/default/$NAME',
    ),
    "set +e\nNAME='oven'\n[ -r /etc/default/$NAME ] && . /etc/default/$NAME\nexec /bin/$NAME $ARGS\n",
    {},
  ],
  [
    "options in a variable",
    skeleton("start-stop-daemon --start $OPTIONS -- -d", 'OPTIONS="--background --exec /bin/oven"'),
    ["/bin/oven", "-d"],
    {},
  ],
];

for (const [name, body, main, fields] of KNOWN) {
  Deno.test(`known: ${name}`, () => {
    const converted = convert(body);
    assert.deepEqual(converted.lost, []);
    assert.deepEqual(mainOf(converted), main);
    for (const [field, value] of Object.entries(fields)) {
      assert.deepEqual(converted.definition[field as keyof JobDefinition], value, field);
    }
  });
}

Deno.test("what prepares the daemon comes before it, with the variables that it needs", () => {
  const { definition, lost } = convert(skeleton(
    "start-stop-daemon --start --background --exec /bin/oven",
    "DIR=/run/oven\nOTHER=x",
    "[ -d $DIR ] || mkdir -p $DIR\nchown baker $DIR",
  ));
  assert.deepEqual(definition.processes["pre-start"], {
    kind: "script",
    text: "set +e\nDIR=/run/oven\n[ -d $DIR ] || mkdir -p $DIR\nchown baker $DIR\ntrue\n",
  });
  assert.deepEqual(lost, []);
});

Deno.test("where root prepares what another user runs, start-stop-daemon goes on to change the user", () => {
  const converted = convert(
    skeleton(
      "start-stop-daemon --start --background --chuid baker --exec /bin/oven -- -d",
      "",
      "mkdir -p /run/oven",
    ),
  );
  assert.deepEqual(mainOf(converted), [
    "start-stop-daemon",
    "--start",
    "--chuid",
    "baker",
    "--exec",
    "/bin/oven",
    "--",
    "-d",
  ]);
  assert.equal(converted.definition.setuid, undefined);
});

Deno.test("the way it is stopped and reloaded is the job's", () => {
  const body = skeleton(
    "start-stop-daemon --start --background --exec /bin/oven",
    "SCHEDULE=QUIT/30/KILL/5",
    "",
    "  reload) start-stop-daemon --stop --signal USR1 --exec /bin/oven ;;\n",
  ).replace("--stop --pidfile $PIDFILE", "--stop --retry=$SCHEDULE --exec /bin/oven");
  const { killSignal, killTimeout, reloadSignal } = convert(body).definition;
  assert.deepEqual([killSignal, killTimeout, reloadSignal], [3, 30, 10]);
});

Deno.test("what the script does besides is a comment, with its lines", () => {
  const { comments, lost } = convert(skeleton(
    "start-stop-daemon --start --background --exec /bin/oven",
    '[ "$ENABLED" = yes ] || exit 0',
    "heat --up",
  ));
  assert.deepEqual(comments.foot.slice(-3), [
    " What the script does besides, with its lines:",
    '   12  [ "$ENABLED" = yes ] || exit 0',
    "   15  heat --up",
  ]);
  assert.deepEqual(lost, ["what it does in line 12, 15 is a comment of the job"]);
});

Deno.test("a daemon whose pid file is not known is ended as the script ends it", () => {
  const { definition, lost } = convert(
    skeleton(
      "start-stop-daemon --start --pidfile $PIDFILE --exec /bin/oven",
      "set -e\nPIDFILE=$(sed -n 's/^pid \\(.*\\)/\\1/p; s/$1//' /etc/oven.conf)",
    ),
  );
  assert.deepEqual([definition.expect, definition.pidFile, lost], ["script", undefined, []]);
  assert.deepEqual(definition.processes["pre-stop"], {
    kind: "script",
    text: "PIDFILE=$(sed -n 's/^pid \\(.*\\)/\\1/p; s/$1//' /etc/oven.conf)\n" +
      "start-stop-daemon --stop --pidfile $PIDFILE\n",
  });
});

Deno.test("init-d-script: its variables, the file of its name, its preparations", () => {
  const converted = convert(
    `# by init-d-script\nDESC=oven\nDAEMON=/bin/oven\nSTART_ARGS="--background"\nDAEMON_ARGS="-p $PIDFILE"\n` +
      "do_start_prepare() {\n  mkdir -p /run/oven\n}\n",
  );
  assert.equal(
    mainOf(converted),
    'set +e\nDAEMON=/bin/oven\nDAEMON_ARGS="-p $PIDFILE"\n[ ! -r /etc/default/oven ] || . /etc/default/oven\n' +
      "exec $DAEMON $DAEMON_ARGS\n",
  );
  assert.match(JSON.stringify(converted.definition.processes["pre-start"]), /mkdir -p \/run\/oven/);
});

/** Scripts of no known shape, and why. */
const UNKNOWN: Array<[name: string, body: string, reason: RegExp]> = [
  ["no case", "exit 0\n", /no action `start'/],
  ["no start-stop-daemon", skeleton("/bin/oven &"), /does not call start-stop-daemon/],
  [
    "two daemons",
    skeleton("start-stop-daemon -S -b -x /bin/a\nstart-stop-daemon -S -b -x /bin/b"),
    /several daemons/,
  ],
  ["a loop", skeleton("for i in a b; do start-stop-daemon -S -b -x /bin/$i; done"), /in a loop/],
  ["options by code", skeleton("start-stop-daemon -S $(options) -x /bin/a"), /options .* code/],
  [
    "arguments by code",
    skeleton("start-stop-daemon -S -b -x /bin/a -- $A", "eval $(x)\nif x; then A=b; x; fi"),
    /sets A/,
  ],
  ["a parameter", skeleton('start-stop-daemon -S -b -x /bin/a -- "$@"'), /depends on \$@/],
  ["a user by code", skeleton("start-stop-daemon -S -b -c $(who) -x /bin/a"), /--chuid/],
  [
    "no stop",
    skeleton("start-stop-daemon -S -x /bin/a").replace(/ {2}stop.*/, ""),
    /which process its daemon is/,
  ],
  [
    "a stop of its own variables",
    skeleton("start-stop-daemon -S -x /bin/a").replace("stop) ", "stop) PIDFILE=/x; "),
    /depends on PIDFILE/,
  ],
  ["no end", "case $1 in start) 'oven", /does not end|ends within/],
  [
    "many functions",
    Array.from({ length: 30 }, (_, index) => `f${index}() { f${index + 1}; f${index + 1}; }\n`).join("") +
    skeleton("f0"),
    /./,
  ],
];

for (const [name, body, reason] of UNKNOWN) {
  Deno.test(`unknown: ${name}`, () => {
    const converted = convert(body);
    assert(calls(converted));
    assert.match(converted.lost.join(), reason);
    assert.match(converted.comments.head.join(), /is called, for it is of no known shape/);
  });
}

const PIECES = [
  ..."'\"`$(){}[];&|<>\\\n\t #=ab".split(""),
  "start-stop-daemon --start ",
  "--exec ",
  "$1 ",
  "case $1 in start) ",
  ";; ",
  "esac\n",
  "if ",
  "; then ",
  "fi\n",
  "f() { ",
  "}\n",
  "f\n",
  ". /etc/default/oven\n",
  "A=$A",
];

Deno.test("any script becomes a job that is valid", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 60 }), (pieces) => {
    convert(pieces.join(""));
  }));
});
