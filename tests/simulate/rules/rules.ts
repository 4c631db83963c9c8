/** The rules of an init. */

import { PipeEnd, Terminal, TerminalMaster } from "../kernel/pipes.ts";
import type { OpenFile } from "../kernel/open_file.ts";
import { Socket } from "../kernel/sockets.ts";
import type { Rule, Scene, WrittenLine } from "./rule.ts";
import { AS_NAIVE, SAME_FUTURE } from "./engine_rules.ts";
import { JOBS } from "../definitions.ts";
import { LOGS } from "../world.ts";
import { NO_ENDLESS_EVENT } from "./endless_events.ts";

/** How long init may take to see to something, in ms. */
const PROMPT = 2000;

/** How long an answer may take that waits for nothing, in ms. */
const ANSWER_TIME = 30_000;

/**
 * How many system calls a second may be made at rest, by init and by its children before they execute their programs. Jobs
 * that fail at once may be started ten times a second, and take some hundred calls each.
 */
const CALLS_AT_REST = 10_000;

/** How many calls are made to look whether init answers. */
const PROBES = 2;

/** How many descriptors init has open for itself: the standard streams, pollers, sockets and spare ones. */
const OWN_DESCRIPTORS = 30;

const REACHABLE: Rule = {
  name: "init can be asked, whatever has happened to it",
  atRest: ({ performer }) =>
    performer.calls.slice(-PROBES).filter(({ answers }) => answers === 0)
      .map(({ refused }) => refused ?? "there is no answer"),
};

const ANSWERED: Rule = {
  name: "every request is answered once, or its client is gone",
  always: ({ performer }) =>
    performer.calls.filter(({ answers }) => answers > 1)
      .map(({ call, answers }) => `${call.member} was answered ${answers} times`),
  atRest: ({ performer, world }) =>
    performer.calls.filter(({ isOver, answers, sent, call }) =>
      !isOver && answers === 0 && !waits(call.body) && sent !== undefined &&
      world.kernel.clock.now - sent > ANSWER_TIME
    ).map(({ call, sent }) => `${call.member}(${JSON.stringify(call.body)}) of ${sent} has no answer`),
  atEnd: ({ performer }) =>
    performer.calls.filter(({ isOver }) => !isOver)
      .map(({ call }) => `${call.member}: its client waits although init has ended`),
};

/** Whether a call waits for something to be up or done. */
function waits(body: unknown[]): boolean {
  return body.at(-1) === true;
}

/** Since when children were seen that have ended and were not waited for. */
const seenZombies = new WeakMap<object, number>();

const REAPED: Rule = {
  name: "every child is waited for, and every exit acted on",
  always({ world, engine, performer }) {
    if (performer.isDisturbed || world.runtime?.isOver) return [];
    const { processes, clock, init } = world.kernel;
    const zombies = [...init.children].filter((child) => {
      if (!child.hasEnded) return false;
      const since = seenZombies.get(child) ?? clock.now;
      seenZombies.set(child, since);
      return clock.now - since > PROMPT;
    }).map(({ pid }) => `process ${pid} has ended, and was not waited for`);
    const pids = instancesOf(engine).flatMap(({ pids }) => [...pids.values()]);
    const lost = pids.filter((pid) => !processes.all.has(pid))
      .map((pid) => `process ${pid} has ended, and the engine takes it for running`);
    return [...zombies, ...lost];
  },
};

const ONE_MAIN: Rule = {
  name: "an instance has one main process at most",
  atInput({ world, spawned }, _, input) {
    if (input.kind !== "spawned") return [];
    const made = spawned.get(input.pid);
    if (made?.process !== "main") return [];
    const others = [...spawned].filter(([pid, { job, instance, process }]) =>
      pid !== input.pid && job === made.job && instance === made.instance && process === "main" &&
      world.kernel.processes.all.get(pid)?.hasEnded === false
    );
    return others.map(([pid]) => `${made.job} (${made.instance}) has ${pid} and ${input.pid}`);
  },
};

const NO_FAULT: Rule = {
  name: "nothing uncaught is thrown, and no fault of init's own is logged",
  always: ({ world }) => faultsIn(world.messages),
  atEnd: ({ world }) => faultsIn(world.messages),
};

/** What the kernel says that refuses something by chance (faults.ts). */
const REFUSALS =
  /Too many open files|Cannot allocate memory|Input\/output error|No space left|temporarily unavailable|Interrupted|Software caused/;

/** The messages of faults that are not the simulation's own. */
function faultsIn(messages: readonly string[]): string[] {
  return messages.filter((line) => line.includes("Internal error") && !REFUSALS.test(line));
}

const RESTS: Rule = {
  name: "init rests when there is nothing to do",
  atRest: ({ callsAtRest }) =>
    callsAtRest > CALLS_AT_REST ? [`there were ${callsAtRest.toFixed(0)} system calls a second`] : [],
};

const NO_LEAK: Rule = {
  name: "no descriptor is left open",
  atRest({ world }) {
    const { init } = world.kernel, all = [...init.descriptors].map(([fd, { file }]) => ({ fd, file }));
    const orphans = all.filter(({ file, fd }) => fd > 2 && isOneSided(file));
    const own = all.filter(({ file }) => !isOneSided(file) && !isShared(file));
    return [
      ...orphans.map(({ fd, file }) => `descriptor ${fd} (${file.constructor.name}) leads nowhere`),
      ...own.length > OWN_DESCRIPTORS
        ? [
          `${own.length} descriptors are init's own: ${
            own.map(({ file }) => file.constructor.name).join(" ")
          }`,
        ]
        : [],
    ];
  },
};

/** True for an end of a pipe, terminal or socket whose other end is closed. */
function isOneSided(file: OpenFile): boolean {
  if (file instanceof PipeEnd) return file.pipe.ends.size < 2;
  if (file instanceof TerminalMaster) return file.terminal.slaves.size === 0;
  if (file instanceof Socket) return file.type === "stream" && file.state === "connected" && !file.peer;
  return false;
}

/** True for an end whose other end somebody has. */
function isShared(file: OpenFile): boolean {
  if (file instanceof PipeEnd) return file.pipe.ends.size > 1;
  if (file instanceof TerminalMaster || file.inode.behind instanceof Terminal) return true;
  return file instanceof Socket && file.peer !== undefined;
}

/** Lines that a log has in place of what it lacks. */
const NOTES = [/bytes of output were lost/, /lines \(\d+ bytes\) were left out/, /Output on std\w+ is lost/];

/** How long before init's end a line may have been written that nobody has read, in ms. */
const LAST_WORDS = 3000;

const LOGS_WHOLE: Rule = {
  name: "logs hold every line in order, or a note of what is lost",
  atEnd(scene) {
    const { files, clock } = scene.world.kernel, directory = files.find(LOGS);
    const texts = typeof directory === "number"
      ? []
      : [...directory.entries.values()].map((inode) => inode.bytes.toString());
    const all = [...texts, ...scene.performer.archive, scene.world.messages.join("\n")];
    const hasLosses = new Set(all.filter((text) => NOTES.some((note) => note.test(text))).flatMap(jobsIn));
    const found = new Map<string, number>(), problems: string[] = [];
    for (const text of all) countLines(text, found, problems);
    for (const line of scene.lines) {
      const count = found.get(keyOf(line)) ?? 0;
      if (count > 1) problems.push(`line ${keyOf(line)} is there ${count} times`);
      const isLate = clock.now - line.time < LAST_WORDS;
      if (count === 0 && !hasLosses.has(line.job) && !isLate) problems.push(`line ${keyOf(line)} is lost`);
    }
    return problems.slice(0, 5);
  },
};

function keyOf({ job, pid, line }: Pick<WrittenLine, "job" | "pid" | "line">): string {
  return `${job} ${pid} ${line}`;
}

/**
 * A line of a job, as the program `work` writes it. What a process had written of its last line when it was killed may
 * stand before it.
 */
const LINE = new RegExp(`(${JOBS.join("|")}) \\S+ (\\d+) (\\d+) x*\\r?$`);

function jobsIn(text: string): string[] {
  return text.split("\n").flatMap((line) => LINE.exec(line)?.[1] ?? []);
}

/** Counts lines, and tells of those that do not stand in their order. */
function countLines(text: string, found: Map<string, number>, problems: string[]): void {
  const last = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, job, pid, number] = LINE.exec(line) ?? [];
    if (job === undefined) continue;
    const key = keyOf({ job, pid: Number(pid), line: Number(number) });
    found.set(key, (found.get(key) ?? 0) + 1);
    const before = last.get(`${job} ${pid}`) ?? 0;
    if (Number(number) <= before) problems.push(`line ${key} comes after line ${before}`);
    last.set(`${job} ${pid}`, Number(number));
  }
}

const ENDS: Rule = {
  name: "init ends when it is told to, and nothing is left",
  atEnd({ world }) {
    const { init, processes } = world.kernel;
    if (!init.hasEnded) return ["init has not ended"];
    const left = [...processes.all.values()].filter(({ parent, hasEnded }) =>
      parent !== undefined && !hasEnded
    );
    return left.map(({ pid, argv }) => `process ${pid} is left: ${argv.join(" ")}`);
  },
};

const TOLD: Rule = {
  name: "what is down but should be up is told",
  atRest: (scene) => downButWanted(scene),
};

/** The instances that are to be up, and are not, without a word about it. */
function downButWanted({ engine }: Scene): string[] {
  if (!engine) return [];
  return instancesOf(engine).flatMap((instance) => {
    const { goal, state, pids, spawns, timers, displayName } = instance;
    if (goal !== "start" || state === "running") return [];
    const goesOn = pids.size > 0 || spawns.size > 0 || timers.size > 0 || instance.nextStartAt !== undefined;
    return goesOn || instance.note(0) !== "" || instance.blocker
      ? []
      : [`${displayName} is ${state}, and nothing is said of it`];
  });
}

/** All instances. */
function instancesOf(engine: Scene["engine"]) {
  return engine ? [...engine.jobs.values()].flatMap(({ instances }) => [...instances.values()]) : [];
}

/** The rules. */
export const RULES: readonly Rule[] = [
  REACHABLE,
  ANSWERED,
  REAPED,
  ONE_MAIN,
  NO_FAULT,
  NO_LEAK,
  RESTS,
  LOGS_WHOLE,
  ENDS,
  TOLD,
  NO_ENDLESS_EVENT,
  AS_NAIVE,
  SAME_FUTURE,
];
