/** Random jobs, as the text of .conf files. */

import type { Random } from "./random.ts";

/** The names that jobs have. */
export const JOBS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"] as const;

/** Events that nobody but clients emit. */
export const EVENTS = ["sunrise", "sunset", "noon"] as const;

/** A random job. What it runs ends, at the latest when it gets SIGKILL. */
export function randomJob(random: Random): string {
  const isNew = random.chance(0.4), isTask = random.chance(0.25);
  const lines = [
    `# ${random.below(1e9)}`,
    ...condition(random, "start", isTask ? 0.5 : 0.75),
    ...condition(random, "stop", 0.4),
    ...random.chance(0.3) ? ["instance $KEY"] : [],
    ...isTask ? ["task"] : [],
    ...respawn(random),
    ...random.chance(0.3) ? [`kill timeout ${1 + random.below(4)}`] : [],
    ...random.chance(0.2) ? [`normal exit 0 ${1 + random.below(3)} TERM`] : [],
    ...random.chance(0.15) ? ["export KEY"] : [],
    `console ${
      random.weighted([[5, "log"], [2, "none"], [1, "output"], ...isNew ? [[2, "pipe"] as const] : []])
    }`,
    ...settings(random),
    ...isNew ? newStanzas(random, isTask) : [],
    ...mainProcess(random, isNew, isTask),
    ...hooks(random),
  ];
  return `${lines.join("\n")}\n`;
}

/** A text that is no job. */
export function brokenJob(random: Random): string {
  return random.pick([
    "start on (sunrise\nexec work\n",
    "nonsense stanza\n",
    "script\necho never ends\n",
    "respawn limit many\nexec work\n",
    "exec\n",
    "start on sunrise and\nexec work\n",
  ]);
}

/** A condition of jobs' events and clients'. */
function event(random: Random): string {
  return random.weighted([
    [3, () => "startup"],
    [4, () => random.pick(EVENTS)],
    [1, () => `${random.pick(EVENTS)} KEY=${random.below(3)}`],
    [3, () => `${random.pick(["starting", "started", "stopping", "stopped"])} ${random.pick(JOBS)}`],
    [1, () => `stopped JOB=${random.pick(JOBS)} RESULT=failed`],
  ])();
}

function condition(random: Random, kind: "start" | "stop", probability: number): string[] {
  if (!random.chance(probability)) return [];
  const left = event(random);
  if (random.chance(0.7)) return [`${kind} on ${left}`];
  return [`${kind} on (${left} ${random.pick(["and", "or"])} ${event(random)})`];
}

function respawn(random: Random): string[] {
  if (!random.chance(0.4)) return [];
  return [
    "respawn",
    ...random.chance(0.3) ? [`respawn limit ${1 + random.below(5)} ${1 + random.below(10)}`] : [],
  ];
}

function settings(random: Random): string[] {
  return [
    ...random.chance(0.15) ? ["setuid www"] : [],
    ...random.chance(0.03) ? ["setuid nobody-knows"] : [],
    ...random.chance(0.1) ? ["nice 5"] : [],
    ...random.chance(0.1) ? ["oom score -100"] : [],
    ...random.chance(0.1) ? ["chdir /tmp"] : [],
    ...random.chance(0.03) ? ["chdir /nowhere"] : [],
    ...random.chance(0.1) ? ["umask 0077"] : [],
    ...random.chance(0.1) ? ["limit nofile 100 200"] : [],
    ...random.chance(0.2) ? ["env WORD=value"] : [],
  ];
}

/** Stanzas that are Rouse's own. */
function newStanzas(random: Random, isTask: boolean): string[] {
  const others = (count: number) =>
    Array.from({ length: 1 + random.below(count) }, () => random.pick(JOBS)).join(" ");
  return [
    ...random.chance(0.5) ? ["semantics rouse"] : [],
    ...random.chance(0.3) ? [`needs ${others(2)}`] : [],
    ...random.chance(0.2) ? [`wants ${others(2)}`] : [],
    ...random.chance(0.2) ? [`${random.pick(["after", "before", "uses"])} ${others(2)}`] : [],
    ...random.chance(0.1) ? [`conflicts ${others(1)}`] : [],
    ...random.chance(0.2) ? [`start timeout ${1 + random.below(20)}`] : [],
    ...random.chance(0.2) ? [`respawn delay ${random.pick(["0", "0.1", "1", "2 factor 2 max 8"])}`] : [],
    ...random.chance(0.3) ? [`kill mode ${random.pick(["main", "group"])}`] : [],
    ...random.chance(0.15) && !isTask ? [`watchdog ${5 + random.below(60)}`] : [],
    ...random.chance(0.1) ? [`log limit lines ${10 + random.below(100)} per 5`] : [],
  ];
}

/** How a program ends on SIGTERM. */
function term(random: Random): string {
  return random.weighted([[4, ""], [2, ` term=${random.below(3000)}`], [1, " term=ignore"]]);
}

function output(random: Random): string {
  if (!random.chance(0.6)) return "";
  const every = random.pick([0, 1, 20, 500]), lines = random.pick([1, 10, 200]);
  return ` lines=${lines} every=${every}${random.chance(0.2) ? ` size=${random.pick([100, 3000])}` : ""}`;
}

function life(random: Random, isTask: boolean): string {
  if (!isTask && random.chance(0.5)) return "";
  const time = Math.floor(10 ** random.between(0, isTask ? 4 : 5.5));
  const end = random.weighted([[5, "0"], [2, String(1 + random.below(3))], [1, "sig9"], [1, "sig11"], [
    1,
    "sig15",
  ]]);
  return ` life=${time} end=${end}${random.chance(0.1) ? ` left=${1 + random.below(2)}` : ""}`;
}

function mainProcess(random: Random, isNew: boolean, isTask: boolean): string[] {
  if (random.chance(0.06)) return [];
  const rest = `${output(random)}${life(random, isTask)}${term(random)}`;
  if (random.chance(0.04)) return ["exec /bin/missing"];
  if (isTask || random.chance(0.5)) {
    return random.chance(0.7)
      ? [`exec work${rest}`]
      : ["script", `  sleep 0.${random.below(9)}`, `  exec work${rest}`, "end script"];
  }
  const told = random.below(isNew ? 6 : 3);
  // Some do not do what they say.
  const isLiar = random.chance(0.15);
  const forks = `${random.chance(0.5) ? ` pause=${random.below(200)}` : ""}`;
  return [
    [`expect fork`, `exec work${isLiar ? "" : " forks=1"}${forks}${rest}`],
    [`expect daemon`, `exec work forks=${isLiar ? 1 : 2}${forks}${rest}`],
    [`expect stop`, `exec work${isLiar ? "" : ` stop=${random.below(500)}`}${rest}`],
    [`ready notify`, `exec work${isLiar ? "" : ` notify=${random.below(2000)}`}${rest}`],
    [
      `pid file /run/${random.pick(JOBS)}.pid`,
      `exec work forks=1 pidfile=/run/${random.pick(JOBS)}.pid${rest}`,
    ],
    [`ready file /run/${random.pick(JOBS)}.up`, `exec work pidfile=/run/${random.pick(JOBS)}.up${rest}`],
  ][told]!;
}

/** Hooks: most are over soon. */
function hooks(random: Random): string[] {
  return ["pre-start", "post-start", "pre-stop", "post-stop"].flatMap((hook) => {
    if (!random.chance(0.2)) return [];
    const time = Math.floor(10 ** random.between(0, 3.5));
    const end = random.weighted([[6, "0"], [1, "1"], [1, "sig9"]]);
    return [`${hook} exec work life=${time} end=${end}${random.chance(0.3) ? " lines=3 every=1" : ""}`];
  });
}
