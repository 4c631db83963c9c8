/** Targets: files of OpenRC's: runscripts, settings, the cached dependency tree, and options of its programs. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  buildTree,
  circleInWords,
  DEPEND_WORDS,
  type DependLines,
  dpkgSchedule,
  findCircles,
  formatTree,
  hasOverride,
  isBashScript,
  jobOfRunscript,
  kernelParameter,
  openrcSchedule,
  ORDERING,
  parseCapabilities,
  parseSettings,
  parseTree,
  plainDepend,
  PlainOutput,
  plainSettings,
  providedIn,
  runscriptJobs,
  ScheduleError,
  type ScheduleItem,
  type Tree,
  variableName,
  yesOrNo,
} from "../../../compat/openrc/mod.ts";
import { validateLoadedJob } from "../../../lib/model/validate.ts";
import {
  BETWEEN,
  checkMessage,
  inPieces,
  ofLatin1,
  ofSeveral,
  ofText,
  type Target,
  unlessRefused,
} from "../target.ts";

function readRunscript(text = "", settings = ""): void {
  const lines = plainDepend(text, "mill", ["a", "b"]);
  const plain = plainSettings(settings);
  if (plain) hasOverride(plain, "mill");
  if (lines) {
    const others = ["a", "completed(b", "c,"].map((service) => ({ service, lines: [] }));
    checkTree([{ service: "mill", lines }, ...others, { service: "d", lines: mayNeedOthers }]);
  }
  isBashScript(text);
  const file = {
    path: "/etc/init.d/mill",
    name: "mill",
    text,
    levels: ["default"],
    settings: parseSettings(settings),
  };
  validateLoadedJob(jobOfRunscript(file).definition);
}

/** Names of files, which may be any. */
const mayNeedOthers: DependLines["lines"] = [{ kind: "ineed", words: ["completed(b", "c,", "mill"] }];

/** A tree is made, its jobs wait for each other in no circle, and its text reads the same. */
function checkTree(gathered: readonly DependLines[]): void {
  const { tree, problems } = buildTree(gathered, "docker");
  for (const problem of problems) checkMessage(problem);
  checkOrder(tree);
  const scripts = gathered.map(({ service }) => ({ service, path: `/etc/init.d/${service}`, text: "" }));
  for (const job of runscriptJobs(scripts, tree, ["openrc-run"])) validateLoadedJob(job);
}

function checkOrder(tree: Tree): void {
  findCircles(tree).forEach(circleInWords);
  const facts = { isIn: () => true, state: () => "stopped" as const, isHotplugged: () => false };
  const order = tree.order(tree.names, { relations: ORDERING, level: "default", facts });
  assert.equal(new Set(order).size, order.length, "a service is twice in the order");
  const again = parseTree(formatTree(tree));
  assert.equal(formatTree(again), formatTree(parseTree(formatTree(again))));
}

function readTree(text: string): void {
  const tree = parseTree(text);
  checkOrder(tree);
  for (const service of tree.names.slice(0, 10)) providedIn(text, service);
}

function readSettings(text: string): void {
  for (const [name, value] of parseSettings(text)) {
    assert.equal(name, name.toLowerCase());
    assert.doesNotMatch(name + value, /\n/);
    yesOrNo(value);
    variableName(name);
  }
  kernelParameter(text.split("\n", 1)[0]!, "bootlevel");
}

/** Schedules end, but for those that are meant to go on. */
function checkSchedule(items: readonly ScheduleItem[] | undefined): void {
  for (const [index, item] of (items ?? []).entries()) {
    if (item.kind === "repeat") assert.ok(item.from < index);
    else if (item.kind === "wait") assert.ok(item.seconds === Infinity || Number.isInteger(item.seconds));
    else assert.ok(item.signal >= 0 && Number.isInteger(item.signal));
  }
}

function readOptions(text: string): void {
  for (const word of text.split("\n")) {
    checkSchedule(unlessRefused(() => openrcSchedule(word, 15), ScheduleError));
    checkSchedule(unlessRefused(() => dpkgSchedule(word, 15), ScheduleError));
    const sets = parseCapabilities(word);
    for (const number of [...sets?.inheritable ?? [], ...sets?.ambient ?? []]) {
      assert.ok(number >= 0 && number < 64);
    }
  }
}

/** What is left of output has nothing that controls a terminal, however it comes. */
function readOutput(bytes: Buffer): void {
  const plain = new PlainOutput(), text = Buffer.concat(inPieces(bytes).map((piece) => plain.add(piece)));
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text.toString("latin1"), /[\x00-\x09\x0b-\x1f\x7f]/);
}

const services = fc.constantFrom("a", "b", "c", "net", "net.lo", "*", "!a", "clock");
const dependLine = fc.tuple(
  fc.constantFrom(...Object.keys(DEPEND_WORDS)),
  fc.array(services, { maxLength: 4 }),
)
  .map(([word, names]) => `\t${word} ${names.join(" ")}\n`);
const runscript = fc.tuple(
  fc.array(dependLine, { maxLength: 6 }),
  fc.array(
    fc.constantFrom(
      "command=/bin/x\n",
      "pidfile=/run/x.pid\n",
      "supervisor=supervise-daemon\n",
      'command_args="-a $B"\n',
      "start() {\n\tebegin x\n\teend $?\n}\n",
    ),
    { maxLength: 5 },
  ),
)
  .map(([lines, settings]) => `#!/sbin/openrc-run\n${settings.join("")}depend() {\n${lines.join("")}}\n`);
const treeLine = fc.tuple(
  fc.nat(5),
  fc.constantFrom("service", "ineed_0", "iprovide_0", "providedby_0", "keyword_1", "ibefore_0", "iafter_0"),
  services,
)
  .map(([number, key, value]) => `depinfo_${number}_${key}='${value}'\n`);

export const OPENRC: readonly Target[] = [
  {
    name: "runscripts",
    from:
      "runscripts and their files of conf.d: depend() that is told without a shell, and the job that one becomes",
    read: ofSeveral((text = "", settings = "") => readRunscript(text, settings)),
    shapes: fc.tuple(runscript, fc.constantFrom("", "A=b\n", 'rc_mill_need="b"\n', ": ${A:=b}\n")).map((
      both,
    ) => Buffer.from(both.join(BETWEEN), "latin1")),
    words: [
      "#!/sbin/openrc-run\n",
      "depend() {\n",
      "}\n",
      "\tneed net\n",
      "<<EOF\n",
      "start()",
      "$(",
      "[[ ",
      "RC_",
      "${x:-y}",
      "$aaaaaa",
      "\nA=$b",
      "rc_need=",
      BETWEEN,
    ],
  },
  {
    name: "depend-cache",
    from: "OpenRC's cached dependency tree, /run/openrc/deptree",
    read: ofLatin1(readTree),
    shapes: fc.array(treeLine, { maxLength: 30 }).map((lines) => lines.join("")),
    words: ["depinfo_0_service='a'\n", "depinfo_1_ineed_0='", "'\n", "_service='", "'"],
    longest: 1 << 20,
  },
  {
    name: "rc.conf",
    from: "rc.conf, conf.d, and the kernel's command line",
    read: ofLatin1(readSettings),
    words: ['rc_parallel="YES"\n', "export ", "=", "#", "bootlevel=", "'"],
    longest: 1 << 20,
  },
  {
    name: "daemon-options",
    from: "schedules, signals and capabilities as options of start-stop-daemon",
    read: ofText(readOptions),
    words: [
      "TERM/5/KILL/forever",
      "-15",
      "/",
      "SIGTERM",
      "NULL",
      "^cap_net_raw",
      "!cap_chown,%1",
      "99999999999",
    ],
  },
  {
    name: "boot-output",
    from: "what services print at boot, on its way into OpenRC's log",
    read: readOutput,
    words: ["\x1b[", "\x1b]0;", "\x1b(B", "\x07", "\x18", "m", "\r", "\x9b"],
  },
];
