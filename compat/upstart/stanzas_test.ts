import assert from "node:assert/strict";
import { USUAL_BACKOFF } from "../../lib/model/fields.ts";
import { emptyJob, type JobDefinition, RESOURCES } from "../../lib/model/job.ts";
import { applyOverride, parseConf } from "./parse.ts";

const parse = (text: string) => parseConf(text, "/conf/mill.conf", "mill");
const EMPTY = emptyJob("mill", "/conf/mill.conf");

const READ: [text: string, fields: Partial<JobDefinition>][] = [
  ["", {}],
  ["# nothing", {}],
  ["exec grind corn", { processes: { main: { kind: "exec", command: "grind corn" } } }],
  ["script\n grind\nend script", { processes: { main: { kind: "script", text: "grind\n" } } }],
  ["exec grind\nscript\nend script", { processes: { main: { kind: "script", text: "" } } }],
  ["pre-start exec oil", { processes: { "pre-start": { kind: "exec", command: "oil" } } }],
  ["post-start \\\n exec ring", { processes: { "post-start": { kind: "exec", command: "ring" } } }],
  ["pre-stop script\n warn\nend script", { processes: { "pre-stop": { kind: "script", text: "warn\n" } } }],
  ["post-stop exec sweep\npost-stop exec mop", {
    processes: { "post-stop": { kind: "exec", command: "mop" } },
  }],
  ["start on dawn", { startOn: { kind: "event", name: "dawn", matches: [] } }],
  ["stop on noon\nstop on dusk", { stopOn: { kind: "event", name: "dusk", matches: [] } }],
  ["start on dawn\nmanual", {}],
  ["start on dawn\nmanual start on noon", { startOn: { kind: "event", name: "noon", matches: [] } }],
  ["manual \\\n task # both", { task: true }],
  ["debug usage u", { debug: true, usage: "u" }],
  ["description 'a mill'", { description: "a mill" }],
  ["author 'A. Miller <a@mill.example>'", { author: "A. Miller <a@mill.example>" }],
  ["version 1.2-3", { version: "1.2-3" }],
  ["usage 'GRAIN=kind'", { usage: "GRAIN=kind" }],
  ["instance $GRAIN-${SIZE:-1}", { instance: "$GRAIN-${SIZE:-1}" }],
  ["env GRAIN=corn\nenv HOME\nenv GRAIN='rye and oats'\nenv E=", {
    env: ["GRAIN=corn", "HOME", "GRAIN=rye and oats", "E="],
  }],
  ["export A B\nexport C", { export: ["A", "B", "C"] }],
  ["emits ground bagged-*\nemits ground", { emits: ["ground", "bagged-*", "ground"] }],
  ["task", { task: true }],
  ["respawn", { respawn: true }],
  [
    "ready http http://127.0.0.1:$PORT/ status 200-204 body 'all well' header 'Host: shop' header X:1 every 0.5",
    {
      ready: {
        kind: "http",
        url: "http://127.0.0.1:$PORT/",
        status: [200, 204],
        body: "all well",
        header: { Host: "shop", X: "1" },
        every: 0.5,
      },
    },
  ],
  ["ready tcp 80\nready unix /run/x timeout 3 # that", {
    ready: { kind: "unix", path: "/run/x", timeout: 3 },
  }],
  ["ready exec 'pg_isready -q' every 5", {
    ready: { kind: "exec", command: { kind: "exec", command: "pg_isready -q" }, every: 5 },
  }],
  ["ready notify", { ready: { kind: "notify" } }],
  ["ready fd 3", { ready: { kind: "fd", descriptor: 3 } }],
  ["ready log 'listening on'", { ready: { kind: "log", pattern: "listening on" } }],
  ["alive tcp 8080 failures 3 then restart", {
    alive: { kind: "tcp", address: "8080", failures: 3, then: "restart" },
  }],
  ["restart above memory 512MB", { restartAbove: { memory: 1 << 29 } }],
  ["log rotate none", { logRotate: "none" }],
  ["log rotate keep 3 age 1.5", { logRotate: { size: 10 << 20, age: 1.5, keep: 3, compress: "gzip" } }],
  ["log limit bytes 1MB", { logLimit: { bytes: 1 << 20, per: 30 } }],
  ["log to file syslog:local7.err otlp:http://a", { logTo: ["file", "syslog:local7.err", "otlp:http://a"] }],
  ["respawn limit 3 60", { respawnLimit: { count: 3, interval: 60 } }],
  ["respawn limit ' +3' 010", { respawnLimit: { count: 3, interval: 10 } }],
  ["respawn limit unlimited", { respawnLimit: "unlimited" }],
  ["respawn limit 0 5", { respawnLimit: "unlimited" }],
  ["respawn limit 5 0", { respawnLimit: "unlimited" }],
  ["normal exit 0 1 TERM SIGHUP\nnormal exit CLD", {
    normalExit: [{ status: 0 }, { status: 1 }, { signal: 15 }, { signal: 1 }, { signal: 17 }],
  }],
  ["normal exit 2304 300", { normalExit: [{ signal: 9 }] }],
  ["expect stop", { expect: "stop" }],
  ["expect fork", { expect: "fork" }],
  ["expect 'daemon'", { expect: "daemon" }],
  ["expect fork\nexpect none", {}],
  ["console none", { console: "none" }],
  ["console log", { console: "log" }],
  ["console pipe", { console: "pipe" }],
  ["console output", { console: "output" }],
  ["console owner", { console: "owner" }],
  ["kill signal INT", { killSignal: 2 }],
  ["kill signal SIGUSR1", { killSignal: 10 }],
  ["kill signal 0", { killSignal: 0 }],
  ["kill timeout 90", { killTimeout: 90 }],
  ["reload signal USR2", { reloadSignal: 12 }],
  ["reload signal 12", { reloadSignal: 12 }],
  ["start timeout 90", { startTimeout: 90 }],
  ["start timeout 0.25", { startTimeout: 0.25 }],
  ["start timeout 3\nstart timeout none", {}],
  ["kill mode group", { killMode: "group" }],
  ["give up exit", { onGiveUp: "exit" }],
  ["respawn delay 5", { respawnDelay: { ...USUAL_BACKOFF, delay: 5 } }],
  ["respawn delay 60", { respawnDelay: { ...USUAL_BACKOFF, delay: 60, max: 60 } }],
  ["respawn delay 1 reset-after 5 jitter 0 max 8 factor 1.5", {
    respawnDelay: { delay: 1, factor: 1.5, max: 8, jitter: 0, resetAfter: 5 },
  }],
  ["respawn delay 1\nrespawn delay 0", {}],
  ["umask 027", { umask: 0o27 }],
  ["umask +777", { umask: 0o777 }],
  ["umask -0", { umask: 0 }],
  ["nice -20", { nice: -20 }],
  ["nice +19", { nice: 19 }],
  ["oom score -999", { oomScore: -999 }],
  ["oom 'score' 1000", { oomScore: 1000 }],
  ["oom score never", { oomScore: "never" }],
  ["oom score -1000", { oomScore: "never" }],
  ["oom never", { oomScore: "never" }],
  ["oom 7", { oomScore: 466 }],
  ["oom 15", { oomScore: 1000 }],
  ["oom -16", { oomScore: -941 }],
  ["oom -17", { oomScore: "never" }],
  ["chroot /srv/mill", { chroot: "/srv/mill" }],
  ["chdir '/srv/corn mill'", { chdir: "/srv/corn mill" }],
  ["limit nofile 64 128\nlimit nofile 70 unlimited", { limit: { nofile: { soft: 70, hard: "unlimited" } } }],
  ["limit core -1 18446744073709551615", { limit: { core: { soft: "unlimited", hard: "unlimited" } } }],
  ["limit cpu 010 9007199254740991", { limit: { cpu: { soft: 10, hard: 9007199254740991 } } }],
  ...RESOURCES.map((name): [string, Partial<JobDefinition>] => [
    `limit ${name} 1 2`,
    { limit: { [name]: { soft: 1, hard: 2 } } },
  ]),
  ["setuid miller", { setuid: "miller" }],
  ["setgid millers", { setgid: "millers" }],
  ["cgroup cpu", { cgroups: [{ controller: "cpu" }] }],
  ["cgroup cpu $UPSTART_CGROUP", { cgroups: [{ controller: "cpu", name: "$UPSTART_CGROUP" }] }],
  ["cgroup memory limit_in_bytes 52428800\ncgroup blkio slow rate '8:16 1'", {
    cgroups: [
      { controller: "memory", key: "limit_in_bytes", value: "52428800" },
      { controller: "blkio", name: "slow", key: "rate", value: "8:16 1" },
    ],
  }],
  ["apparmor load /etc/apparmor.d/mill", { apparmorLoad: "/etc/apparmor.d/mill" }],
  ["apparmor switch mill", { apparmorSwitch: "mill" }],
];
for (const [text, fields] of READ) {
  Deno.test(`read ${JSON.stringify(text)}`, () => assert.deepEqual(parse(text), { ...EMPTY, ...fields }));
}

const WORD_EXPECTED = [
  ..."exec pre-start post-start pre-stop post-stop start stop description author version usage".split(" "),
  ..."instance env export emits normal expect console kill reload umask nice oom limit cgroup".split(" "),
  ..."chroot chdir setuid setgid apparmor".split(" "),
  ...[
    "pre-start exec",
    "start on",
    "stop on",
    "respawn limit",
    "respawn limit 1",
    "normal exit",
    "kill signal",
  ],
  ...["kill timeout", "reload signal", "oom score", "limit core", "limit core 1", "apparmor load"],
  ...["apparmor switch", "cgroup cpu ''"],
  ...["semantics", "start timeout", "kill mode", "give up", "respawn delay", "respawn delay 1 max"],
];
const WORD_TOO_MANY = [
  ..."description author version usage instance chroot chdir setuid setgid env".split(" ").map((name) =>
    `${name} a`
  ),
  ...[
    "task",
    "script",
    "pre-start script",
    "expect fork",
    "console log",
    "kill signal TERM",
    "kill timeout 5",
  ],
  ...["reload signal HUP", "umask 022", "nice 1", "oom never", "oom score 1", "limit core 0 0"],
  ...[
    "respawn limit 1 2",
    "respawn limit unlimited",
    "cgroup a b c d",
    "apparmor load a",
    "apparmor switch a",
  ],
  ...["semantics upstart", "start timeout 1", "kill mode main", "give up stop"],
];
const NO_STANZA = [
  ..."respawn always,respawn 'limit' 1 5,normal leave 1,normal 'exit' 1,kill hard 3,kill Signal TERM".split(
    ",",
  ),
  ..."reload file x,start one,start 'on' one,stop when one,pre-start true,pre-start 'exec' true".split(","),
  ..."pre-stop Exec true,pre-start-exec true,main exec true,security exec true,expect forks,console off"
    .split(","),
  ..."limit locks 1 2,limit NOFILE 1 2,limit rttime 1 2,apparmor unload x,manual by hand,debug yes".split(
    ",",
  ),
  ..."semantics systemd,start timeouts 1,kill mode Group,give up soon,respawn delay 1 times 2".split(","),
];
const SIGNAL = "Error while loading configuration file: Illegal signal status, expected integer";
const INTERVAL = "Illegal interval, expected number of seconds";
const TIMEOUT = "Illegal timeout, expected 'none' or number of seconds";
const LIMIT = "Illegal limit, expected 'unlimited' or integer";
const EXIT = "Illegal exit status, expected integer";
const NICE = "Illegal nice value, expected -20 to 19";
const UMASK = "Illegal file creation mask, expected octal integer";
const SCORE = "Illegal oom score adjustment, expected -999 to 1000 or 'never'";
const ADJUSTMENT = "Illegal oom adjustment, expected -16 to 15 or 'never'";
const URL_WANTED = "Illegal URL, expected http:// or https://, and a host";
const words = (prefix: string, values: string, problem: string) =>
  values.split(",").map((value): [string, string] => [`${prefix} ${value}`, problem]);

const REFUSED: [text: string, reason: string][] = [
  ...WORD_EXPECTED.map((text): [string, string] => [text, "Expected token"]),
  ...WORD_TOO_MANY.map((text): [string, string] => [`${text} extra`, "Unexpected token"]),
  ...NO_STANZA.map((text): [string, string] => [text, "Unknown stanza"]),
  ...words("kill timeout", "-1,soon,0x5,5s,'5 ',1.5,99999999999999999999", INTERVAL),
  ...words("ready tcp 80 every", "0,soon,-1,.5", "Illegal interval, expected 0.01 seconds or more"),
  ...words("ready http http://a status", "99,600,2xx,200-", "Illegal status, expected 100 to 599"),
  ["ready http http://a status 300-200", "Illegal status, expected 300 to 599"],
  ...words("ready http", "foo,ftp://a/,http://,ftp://$HOST/", URL_WANTED),
  ...words("alive tcp", "99999,localhost,a:b", "Illegal address, expected PORT or HOST:PORT"),
  ["alive exec ' '", "Illegal command, expected a command"],
  ...words("uses", "completed(a),completed(", "Illegal job, expected the name of a job"),
  ["needs completed(a b)", "Illegal job, expected the name of a job, or completed(NAME)"],
  ["wants completed(completed(a))", "Illegal job, expected the name of a job, or completed(NAME)"],
  ["needs a, b", "Illegal job, expected names with blanks between them, and no commas"],
  ["conflicts a ,", "Illegal job, expected names with blanks between them, and no commas"],
  ...words("ready http http://a header", "X,'X Y: z'", "Illegal header, expected 'NAME: TEXT'"),
  ...words("alive tcp 80 failures", "0,-1,many", "Illegal failures, expected 1 or more"),
  ...words("ready fd", "2,1024,x", "Illegal descriptor, expected 3 to 1023"),
  ...words("ready", "ping x,tcp 80 then restart,notify every 5,'http' http://a", "Unknown stanza"),
  ...words("alive", "notify,tcp 80 then panic", "Unknown stanza"),
  ...words("restart above", "disk 5", "Unknown stanza"),
  ...words("log", "rotat,rotate size 1KB kep 3,limit per 5 none", "Unknown stanza"),
  ...words("log rotate age", "0.5,soon,5s", "Illegal age, expected 1 second or more"),
  ...words("log rotate compress", "bzip2", "Illegal compress, expected none, gzip, zstd"),
  ["log limit per 5", "Illegal limit, expected lines, bytes or both"],
  ...words("log limit lines", "0,-1,1.5", "Illegal lines, expected a whole number from 1"),
  ...words(
    "log to",
    "disk,syslog:local8.info,syslog:info,otlp:collector,file otlp:http://$H",
    "Illegal target, expected file, syslog, syslog:FACILITY.PRIORITY, journald, stdout or otlp:URL",
  ),
  ...words(
    "restart above memory",
    "0,much,5PB",
    "Illegal size, expected bytes, or a number with KB, MB or GB",
  ),
  ...words("respawn limit", "-1 5,many 5,UNLIMITED,0x5 5,1.5 5,2147483648 5,'5 ' 5", LIMIT),
  ...words("respawn limit", "5 -1,5 soon,5 unlimited,5 5s", INTERVAL),
  ...words("start timeout", "-1,0,soon,5s,.5,1e999,'5 '", TIMEOUT),
  ...words("respawn delay", "-1,soon,5s,1 reset-after none", INTERVAL),
  ...words("respawn delay", "1 factor 0.5,1 factor x", "Illegal factor, expected number from 1"),
  ...words("respawn delay", "1 jitter 2,1 jitter -1", "Illegal jitter, expected number from 0 to 1"),
  ...words("respawn delay", "5 max 4,1 max 0", "Illegal maximum, expected the delay or more"),
  ...words("normal exit", "-1,2147483648,term,SIG,SIGSIGTERM,0x1,1 2 x 3,RTMIN", EXIT),
  ...words("nice", "20,-21,low,1.0,0x5,5x", NICE),
  ...words("umask", "1000,8,-1,0o22,0x12,u=rwx,022x", UMASK),
  ...words("oom score", "1001,-1001,high,1.5,always", SCORE),
  ...words("oom", "16,-18,high,5x,Score 5,adj 5", ADJUSTMENT),
  ...words(
    "limit core",
    "none 0,0 none,1k 2k,0x1 2,infinity 1,18446744073709551616 1,UNLIMITED 1,1.5 2,+ 1",
    LIMIT,
  ),
];
for (const [text, reason] of REFUSED) {
  Deno.test(`refused ${JSON.stringify(text)}`, () => {
    assert.throws(() => parse(`# remark\n${text}`), {
      name: "ParseError",
      message: `/conf/mill.conf:2: ${reason}`,
    });
  });
}

for (const text of ["-1", "term", "NOSUCH", "2147483648", "0x2", "2x", "RTMIN"]) {
  Deno.test(`refused without a line: kill signal ${text}, reload signal ${text}`, () => {
    const message = `/conf/mill.conf: ${SIGNAL}`;
    assert.throws(() => parse(`kill signal ${text}`), { name: "ParseError", message, reason: SIGNAL });
    assert.throws(() => parse(`reload signal ${text}`), { name: "ParseError", message, reason: SIGNAL });
  });
}

const BASE = `
usage plain
start on dawn
stop on dusk
emits a
env A=1
export A
normal exit 1
limit core 0 0
cgroup cpu
pre-start exec oil
exec grind
`;

Deno.test("an override replaces values and lengthens lists", () => {
  const job = parse(BASE);
  const override = `usage better\nstart on noon\nemits b\nenv A=2\nexport B\nnormal exit 2\nlimit core 1 1
    limit nice 3 4\ncgroup memory\nexec sieve\npost-stop exec sweep\ntask`;
  assert.deepEqual(applyOverride(job, override, "/conf/mill.override"), {
    ...job,
    usage: "better",
    startOn: { kind: "event", name: "noon", matches: [] },
    emits: ["a", "b"],
    env: ["A=1", "A=2"],
    export: ["A", "B"],
    normalExit: [{ status: 1 }, { status: 2 }],
    limit: { core: { soft: 1, hard: 1 }, nice: { soft: 3, hard: 4 } },
    cgroups: [{ controller: "cpu" }, { controller: "memory" }],
    processes: {
      main: { kind: "exec", command: "sieve" },
      "pre-start": { kind: "exec", command: "oil" },
      "post-stop": { kind: "exec", command: "sweep" },
    },
    task: true,
  });
  assert.deepEqual(job, parse(BASE), "the conf's definition is as it was");
});

Deno.test("manual in an override takes the conf's start on away", () => {
  const { startOn: _, ...rest } = parse(BASE);
  assert.deepEqual(applyOverride(parse(BASE), "manual", "/conf/mill.override"), rest);
});

Deno.test("a broken override tells its own file and line and changes nothing", () => {
  const job = parse(BASE);
  const override = "usage worse\nemits b\nlimit core 9 9\nexec sieve\nbogus";
  assert.throws(() => applyOverride(job, override, "/conf/mill.override"), {
    name: "ParseError",
    message: "/conf/mill.override:5: Unknown stanza",
  });
  assert.deepEqual(job, parse(BASE));
});
