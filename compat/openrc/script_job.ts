/** Runscripts as jobs: from the tree and the scripts to definitions. */

import { emptyJob, type JobDefinition, type JobRelation } from "../../lib/model/job.ts";
import { RC_DIR } from "../../lib/model/openrc/paths.ts";
import { isReference } from "../../lib/model/validate.ts";
import { SYSV_PATH } from "../../lib/model/sysv/search_path.ts";
import { ORDERING, type Relation } from "./relations.ts";
import type { OrderQuery, Tree } from "./tree.ts";

/** A script that is to be a job. */
export interface RunscriptFacts {
  service: string;
  path: string;
  text: string;
}

/** How long what a script has left behind may go on after its stop, in seconds. Then it is killed. */
const KILL_TIMEOUT = 10;

/** The order of all services, wherever they are started: each counts, and so do all that provide a name. */
const EVERYWHERE: OrderQuery = {
  relations: ORDERING,
  level: "",
  phase: "stop",
  facts: { isIn: () => true, state: () => "stopped", isHotplugged: () => false },
};

/**
 * The jobs of scripts that the tree has. What a script needs is started by the script's own interpreter, which knows the
 * runlevels and `--nodeps`; to init its job says which others it waits for where they are on their way. A circle is cut
 * where the tree's order cuts it, so that jobs never wait for each other.
 * @param command The program that init runs for a script, without the script's path and the action
 */
export function runscriptJobs(
  scripts: readonly RunscriptFacts[],
  tree: Tree,
  command: readonly string[],
): JobDefinition[] {
  const places = new Map(tree.order(tree.names, EVERYWHERE).map((service, index) => [service, index]));
  return scripts.filter(({ service }) => tree.has(service)).map((script) => {
    const job = jobOf(script, command);
    job.provides = tree.related(script.service, "iprovide").filter(isName);
    const place = places.get(script.service) ?? 0;
    const isBefore = (other: string) => (places.get(other) ?? Infinity) < place;
    const relations = relationsOf(tree, script.service, isBefore);
    const namesOf = (isNeeded: boolean) =>
      Object.keys(relations).filter((other) => (relations[other]!.kind === "needs") === isNeeded);
    job.uses = namesOf(true).filter(isName);
    job.after = namesOf(false).filter(isName);
    job.relations = relations;
    return job;
  });
}

/** True for a name by which jobs can speak of another. Those of files and of depend() may be any text. */
function isName(name: string): boolean {
  return isReference(name, false);
}

/** What each of the words is to those who ask. */
const KINDS: Partial<Record<Relation, JobRelation["kind"]>> = {
  ineed: "needs",
  iwant: "wants",
  iuse: "uses",
  iafter: "after",
};

/** How a service depends on others, by the strongest of its words. A virtual one stands for all that provide it. */
function relationsOf(
  tree: Tree,
  service: string,
  isMeant: (other: string) => boolean,
): Record<string, JobRelation> {
  const relations: Record<string, JobRelation> = {};
  for (const [relation, kind] of Object.entries(KINDS) as [Relation, JobRelation["kind"]][]) {
    for (const name of tree.related(service, relation)) {
      const providers = tree.related(name, "providedby");
      for (const other of providers.length > 0 ? providers : [name]) {
        if (isMeant(other)) relations[other] ??= { kind, ...other !== name && { as: name } };
      }
    }
  }
  return relations;
}

function jobOf({ service, path, text }: RunscriptFacts, command: readonly string[]): JobDefinition {
  const job = emptyJob(service, path);
  const description = /^[ \t]*description=(["'])([^"'`$\n\0]+)\1/m.exec(text)?.[2];
  if (description !== undefined) job.description = description;
  const pidFile = pidFileOf(text, service);
  if (pidFile !== undefined) job.pidFile = pidFile;
  const words = (...asked: string[]) => asked.map((word) => word.replaceAll("$", () => DOLLAR));
  const run = (action: string) => ({
    kind: "arguments" as const,
    words: ["/bin/sh", "-c", AS_ASKED, ...words(path, action, ...command, path, action)],
  });
  return Object.assign(job, {
    expect: "script",
    // The script prints as into a file, for the log is shown to who has asked for the action.
    console: "pipe",
    env: [`PATH=${SYSV_PATH}`],
    umask: 0o022,
    killTimeout: KILL_TIMEOUT,
    processes: {
      main: run("start"),
      "pre-stop": run("stop"),
      "post-stop": {
        kind: "arguments",
        words: ["/bin/sh", "-c", AFTER_END, ...words(service, ...command, path, "ended")],
      },
    },
  });
}

/** What init makes a dollar sign of. */
const DOLLAR = "${}";

/**
 * Whoever asks for an action may have a shell do it at once. Behind the action is the program that does it otherwise. The
 * variable is the shell's.
 */
const AS_ASKED = `[ -z "${DOLLAR}RC_JOB_LIBRARY" ] || . "${DOLLAR}RC_JOB_LIBRARY"; shift; exec "$@"`;

/**
 * A start or stop that was killed leaves its state behind. Only then, and if nobody waits for it, is more done than to look.
 */
const AFTER_END = `cd ${RC_DIR} && { [ -L "starting/$0" ] || [ -L "stopping/$0" ]; } &&
! kill -0 "${DOLLAR}RC_OPENRC_PID" 2>/dev/null && exec "$@"; exit 0`;

/** A script whose daemon supervise-daemon has, which names its own pid file by the service. */
const SUPERVISED = /^[ \t]*supervisor=["']?supervise-daemon\b/m;

/** The pid file that a script names, with the service's name and what else it sets put in. */
function pidFileOf(text: string, service: string): string | undefined {
  const path = /^[ \t]*pidfile=["']?(\/[^\s"';#\0]+)/m.exec(text)?.[1] ??
    (SUPERVISED.test(text) ? "/var/run/supervise-$RC_SVCNAME.pid" : undefined);
  const full = path?.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => {
    if (name === "RC_SVCNAME" || name === "SVCNAME") return service;
    return new RegExp(`^[ \\t]*${name}=["']?([\\w.+/-]+)["']?[ \\t]*$`, "m").exec(text)?.[1] ?? whole;
  });
  return full === undefined || /[$`*?{}]/.test(full) ? undefined : full;
}
