import assert from "node:assert/strict";
import type { JobDefinition } from "../../../lib/model/job.ts";
import { parseSettings } from "../rc_conf.ts";
import { isRunscript, jobOfRunscript } from "./job_of_runscript.ts";

function convert(text: string, { levels = ["default"], settings = "" } = {}) {
  return jobOfRunscript({
    path: "/etc/init.d/oven",
    name: "oven",
    text: `#!/sbin/openrc-run\n${text}`,
    levels,
    settings: parseSettings(settings),
  });
}

const OVEN = 'command=/usr/sbin/oven\ncommand_background=yes\npidfile="/run/$RC_SVCNAME.pid"\n';

const FIELDS: Array<[lines: string, fields: Partial<JobDefinition>]> = [
  ["name=Oven", { description: "Oven" }],
  ['name=Oven\ndescription="Bakes bread"', { description: "Bakes bread" }],
  ["command_user=baker", { setuid: "baker" }],
  ['who=baker\ncommand_user="$who:${group-bread}"', { setuid: "baker", setgid: "bread" }],
  ["command_user=root:bread", { setgid: "bread" }],
  ["directory=/srv/bread\nchroot='/srv'", { chdir: "/srv/bread", chroot: "/srv" }],
  ["umask=027", { umask: 0o027 }],
  ["stopsig=SIGINT", { killSignal: 2 }],
  ["stopsig=3", { killSignal: 3 }],
  ["retry=30", { killTimeout: 30 }],
  ['retry="SIGQUIT/20/KILL/5"', { killSignal: 3, killTimeout: 20 }],
  ["retry=TERM/forever", { killSignal: 15, killTimeout: 300 }],
  ["supervisor=supervise-daemon", { respawn: true, respawnLimit: { count: 10, interval: 5 } }],
  ["supervisor=supervise-daemon\nrespawn_max=0", { respawn: true, respawnLimit: "unlimited" }],
  [
    "supervisor=supervise-daemon\nrespawn_max=3\nrespawn_period=60\nrespawn_delay=2",
    {
      respawn: true,
      respawnLimit: { count: 3, interval: 60 },
      respawnDelay: { delay: 2, factor: 1, max: 2, jitter: 0, resetAfter: 60 },
    },
  ],
  ["command_background=no", { expect: "script", pidFile: "/run/oven.pid" }],
  [
    'start_stop_daemon_args="--background -m --wait 50 -k 027 --nicelevel=-5 -u baker"\ncommand_background=no',
    {
      expect: "none",
      umask: 0o027,
      nice: -5,
      setuid: "baker",
    },
  ],
  ["depend() {\n\tneed net\n\tuse logger dns\n\twant mta\n}", {
    needs: ["net"],
    uses: ["logger", "dns"],
    wants: ["mta"],
  }],
  ["depend() { after *; before a b !a; provide heat oven; }", {
    after: ["*"],
    before: ["b"],
    provides: ["heat"],
  }],
];

for (const [lines, fields] of FIELDS) {
  Deno.test(`runscript: ${lines.replaceAll(/\s+/g, " ")}`, () => {
    const { definition, lost } = convert(`${OVEN}${lines}\n`);
    const found = Object.keys(fields).map((name) => [name, definition[name as keyof JobDefinition]]);
    assert.deepEqual(Object.fromEntries(found), fields);
    assert.deepEqual(lost, []);
  });
}

const PROGRAMS: Array<[lines: string, settings: string, program: string[] | string]> = [
  ['command_args="--heat 220\n\t--top"', "", ["/usr/sbin/oven", "--heat", "220", "--top"]],
  [`command_args="--heat '220 top'"`, "", "exec /usr/sbin/oven --heat '220 top'\n"],
  ['command_args="--name $RC_SVCNAME"', "", ["/usr/sbin/oven", "--name", "oven"]],
  ["command_args_background=-d", "", ["/usr/sbin/oven"]],
  ["command_background=no\ncommand_args_background=-d", "", ["/usr/sbin/oven", "-d"]],
  ["supervisor=supervise-daemon\ncommand_args_foreground=-f", "", ["/usr/sbin/oven", "-f"]],
  [
    "",
    "command_args=--slow",
    `
RC_SVCNAME=oven SVCNAME=oven
[ ! -r /etc/conf.d/oven ] || . /etc/conf.d/oven
command=/usr/sbin/oven
eval exec $command $command_args
`,
  ],
  [
    'depend() { provide heat; }\ncommand_args="--heat ${HEAT:-220}"',
    "HEAT=100",
    `
RC_SVCNAME=oven SVCNAME=oven
[ ! -r /etc/conf.d/heat ] || . /etc/conf.d/heat
[ ! -r /etc/conf.d/oven ] || . /etc/conf.d/oven
command=/usr/sbin/oven
command_args="--heat \${HEAT:-220}"
eval exec $command $command_args
`,
  ],
];

for (const [lines, settings, program] of PROGRAMS) {
  Deno.test(`what a runscript runs: ${lines.replaceAll(/\s+/g, " ")} ${settings}`, () => {
    const { main } = convert(`${OVEN}${lines}\n`, { settings }).definition.processes;
    assert.deepEqual(
      main,
      typeof program === "string"
        ? { kind: "script", text: program.trimStart() }
        : { kind: "arguments", words: program },
    );
  });
}

Deno.test("settings of conf.d are fields, as they are now", () => {
  const { definition } = convert(`${OVEN}command_user="\${OVEN_USER:-baker}"\n`, {
    settings: "OVEN_USER=cook",
  });
  assert.equal(definition.setuid, "cook");
});

const OTHERS: Array<[text: string, reason: string]> = [
  [`${OVEN}start() {\n\techo\n}\n`, "it has a function start()"],
  ["command=/usr/sbin/oven\n", "nothing tells which process its daemon is, for it has no pidfile"],
  ["pidfile=/run/oven.pid\n", "it does not say what is started"],
  [`${OVEN}command_args=$(date)\n`, "it has code of its own: command_args=$(date)"],
  [`${OVEN}if true; then\nx=1\nfi\n`, "it has code of its own: if true; then"],
  [`${OVEN}start_stop_daemon_args="--ppid 5"\n`, "its daemon has the option --ppid"],
  [`${OVEN}start_stop_daemon_args="-e 'A=b c'"\n`, "there are quotes in the options for its daemon"],
  [`${OVEN}x="\n`, "it cannot be read without a shell"],
];

for (const [text, reason] of OTHERS) {
  Deno.test(`a runscript that is called: ${reason}`, () => {
    const { definition, lost } = convert(text);
    assert.deepEqual(lost.at(-1), `not of the declarative kind, so the job calls the script: ${reason}`);
    assert.deepEqual(definition.processes, {
      main: { kind: "arguments", words: ["/etc/init.d/oven", "--nodeps", "start"] },
      "pre-stop": { kind: "arguments", words: ["/etc/init.d/oven", "--nodeps", "stop"] },
    });
    assert.equal(definition.setuid, undefined);
  });
}

Deno.test("what a job cannot say is told", () => {
  const { lost } = convert(
    `${OVEN}output_log=/var/log/oven\nstart_stop_daemon_args="-1 /x"\numask=x\nretry=HOT/5\ndepend() { keyword -stop; }\n`,
  );
  assert.deepEqual(lost, [
    "keyword -stop: init stops the job when the machine goes down",
    'umask="x" is left out',
    'retry="HOT/5" is left out',
    'output_log="/var/log/oven" is left out',
    "the daemon's --stdout /x is left out",
  ]);
});

Deno.test("runlevels say when a job starts", () => {
  assert.deepEqual(convert(OVEN, { levels: ["boot"] }).definition.startOn, {
    kind: "event",
    name: "startup",
    matches: [],
  });
  assert.match(convert(OVEN, { levels: [] }).lost[0]!, /^the script is in no runlevel/);
});

Deno.test("runscripts are known by their first line", () => {
  for (const line of ["#!/sbin/openrc-run", "#!/sbin/runscript", "#! /usr/bin/openrc-run"]) {
    assert(isRunscript(`${line}\n`), line);
  }
  assert(!isRunscript("#!/bin/sh\n"));
});
