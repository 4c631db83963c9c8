/** Init scripts as jobs: from headers, links and facilities to definitions. */

import type { JobCondition, Match } from "../../lib/model/condition.ts";
import { RC_EVENTS } from "../../lib/model/init_events.ts";
import { emptyJob, type JobDefinition } from "../../lib/model/job.ts";
import { isReference } from "../../lib/model/validate.ts";
import type { Steps } from "./steps.ts";
import { SYSV_PATH } from "../../lib/model/sysv/search_path.ts";
import type { Circle } from "./circles.ts";
import { ALL, expand, type Facilities } from "./facilities.ts";
import type { Kind } from "./graph.ts";
import { type HeaderFieldName, words } from "./header.ts";
import { BOOT, levelNamed, levelNames, type Levels } from "./levels.ts";
import type { Link } from "./plan.ts";
import { chainsBehind, relationsOf } from "./relations.ts";
import type { Catalog, Service } from "./service.ts";

/** A script that is to be a job. */
export interface ScriptFacts {
  /** With the levels of its links, or of its header where the machine has no links. */
  service: Service;
  /** The script's path. */
  path: string;
  /** The pid file that the script names. */
  pidFile: string | undefined;
  /** True where the numbers of its links count: it has no header, or another program than insserv has set them. */
  isNumbered: boolean;
}

/** What the scripts of a machine lie in. */
interface ScriptSurroundings {
  facilities: Facilities;
  links: readonly Link[];
  /** What rc tells links of kind S on the way down: Debian's, in the levels 0 and 6, tells them to stop. */
  downAction: Kind;
}

/** A name that a script requires, and that no script provides. */
export interface MissingService {
  script: string;
  file: string;
  line: number;
  name: string;
}

/** The jobs, and what is wrong with what the headers say of each other. */
export interface ScriptJobs {
  jobs: JobDefinition[];
  circles: Array<{ kind: Kind; circle: Circle }>;
  /** Another job may provide the name. */
  missing: MissingService[];
}

/** How long the start of a script may take, in seconds, but at boot, where the check of a disk may take hours. */
const START_TIMEOUT = 300;

/** How long what a script has left behind may go on after its stop, in seconds. Then it is killed. */
const KILL_TIMEOUT = 10;

const DOWN: Levels = levelNamed("0") | levelNamed("6");

/** The jobs of scripts, in steps: there may be thousands. Those come first that the longest chain of others waits for. */
export function* scriptJobs(
  scripts: readonly ScriptFacts[],
  catalog: Catalog,
  { facilities, links, downAction }: ScriptSurroundings,
): Steps<ScriptJobs> {
  const facts = new Map(scripts.map((one) => [one.service.script, one]));
  const isNumbered = ({ script }: Service) => facts.get(script)?.isNumbered ?? false;
  const { before, circles } = yield* relationsOf(catalog, facilities, links, isNumbered);
  const chains = chainsBehind(before), chain = (name: string) => chains.get(facts.get(name)!.service) ?? 0;
  const missing: MissingService[] = [];
  const jobs: JobDefinition[] = [];
  for (const script of scripts) {
    const job = jobOf(script, downAction);
    for (const [first, { strength }] of before.get(script.service) ?? []) {
      if (isReference(first.script, false)) add(strength === "required" ? job.uses : job.after, first.script);
    }
    missing.push(...addOthers(job, script.service, catalog, facilities));
    jobs.push(job);
    yield;
  }
  jobs.sort((one, other) => chain(other.name) - chain(one.name));
  return { jobs, circles, missing };
}

/** The levels in which a script starts and stops as a job. */
function levelsOf({ start, stop }: Service, downAction: Kind): { start: Levels; stop: Levels } {
  return downAction === "start" ? { start, stop } : { start: start & ~DOWN, stop: stop | start & DOWN };
}

function jobOf({ service, path, pidFile }: ScriptFacts, downAction: Kind): JobDefinition {
  const job = emptyJob(service.script, path);
  const { start, stop } = levelsOf(service, downAction);
  const description = service.header?.fields["Short-Description"]?.text;
  if (description) job.description = description;
  job.provides = service.provides.filter((name) => name !== service.script && isReference(name, false));
  Object.assign(job, callsOf(path));
  if (pidFile !== undefined) job.pidFile = pidFile;
  if (service.interactive) job.console = "owner";
  if (!service.interactive && (start & BOOT) === 0) job.startTimeout = START_TIMEOUT;
  if (stop !== 0) job.stopOn = inLevels(RC_EVENTS.stop, stop);
  if (start !== 0) job.startOn = inLevels(RC_EVENTS.start, start);
  else if (stop !== 0 && words(service.header, "Default-Start").length === 0) {
    // It has nothing to start, and is there for its stop, which is to come at its place among those of all others.
    job.startOn = inLevels(RC_EVENTS.prepare, stop);
    delete job.processes.main;
  }
  return job;
}

/** The fields of a job that calls a script to start and stop. */
export function callsOf(
  path: string,
): Pick<JobDefinition, "expect" | "env" | "umask" | "killTimeout" | "processes"> {
  return {
    expect: "script",
    env: [`PATH=${SYSV_PATH}`],
    umask: 0o022,
    killTimeout: KILL_TIMEOUT,
    processes: { main: run(path, "start"), "pre-stop": run(path, "stop") },
  };
}

function run(path: string, action: string): { kind: "arguments"; words: string[] } {
  return { kind: "arguments", words: [path, action] };
}

/** One of rc's events for these levels. What the level before has started, or only stopped, is left as it is. */
export function inLevels(name: string, levels: Levels): JobCondition {
  const set = levelNames(levels).join("");
  const matches: Match[] = [{ key: "RUNLEVEL", value: `[${set}]` }];
  if (name !== RC_EVENTS.stop) matches.push({ key: "PREVLEVEL", value: `[${set}]`, negated: true });
  return { kind: "event", name, matches };
}

/** The fields of a header that speak of services which may be jobs of other kinds, and what they become. */
export const DEPENDENCIES: ReadonlyArray<
  [field: HeaderFieldName, relation: "uses" | "after" | "before", kind: Kind]
> = [
  ["Required-Start", "uses", "start"],
  ["Should-Start", "after", "start"],
  ["X-Start-Before", "before", "start"],
  ["Required-Stop", "uses", "stop"],
  ["Should-Stop", "after", "stop"],
  ["X-Stop-After", "before", "stop"],
];

/** Adds what a header says of names that no script provides: other jobs may. Returns those that it requires. */
function addOthers(
  job: JobDefinition,
  service: Service,
  catalog: Catalog,
  facilities: Facilities,
): MissingService[] {
  const { header, script, file } = service;
  const missing: MissingService[] = [];
  for (const [field, relation, kind] of DEPENDENCIES) {
    for (const word of words(header, field)) {
      if (word === ALL && kind === "start" && relation !== "before") add(job.after, "*");
      for (const { name, optional } of expand(facilities, word).services) {
        if (catalog.provider(name)) continue;
        // A name that no job can have is missing all the same.
        if (isReference(name, false)) add(job[relation], name);
        if (field !== "Required-Start" || optional) continue;
        missing.push({ script, file, line: header!.fields[field]!.line, name });
      }
    }
  }
  return missing;
}

function add(list: string[], name: string): void {
  if (!list.includes(name)) list.push(name);
}

/** The lines by which scripts name the pid file of their daemon: `PIDFILE=/run/x.pid`, and `# pidfile: /run/x.pid`. */
const PID_FILES = [
  /^[ \t]*(?:export[ \t]+)?PIDFILE=["']?(\/[^\s"';#\0]+)/mi,
  /^#[ \t]*pidfile:[ \t]*(\/[^\s\0]+)/mi,
];

/** The pid file that a script names, with `$NAME` and other variables that it sets put in. */
export function pidFileOf(text: string): string | undefined {
  for (const pattern of PID_FILES) {
    const path = pattern.exec(text)?.[1];
    if (path === undefined) continue;
    const full = path.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => valueOf(text, name) ?? whole);
    if (!/[$`*?]/.test(full)) return full;
  }
  return undefined;
}

/** The value that a script gives a variable in a line of its own, where it is a plain word. */
function valueOf(text: string, name: string): string | undefined {
  return new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}=["']?([\\w.+/-]+)["']?[ \\t\\r]*(?:#.*)?$`, "m").exec(
    text,
  )?.[1];
}
