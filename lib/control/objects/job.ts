/** The objects of jobs and instances: `com.ubuntu.Upstart0_6.Job` and `.Instance`. */

import type { JobCondition } from "../../model/condition.ts";
import { DEPENDENCY_FIELDS } from "../../model/fields.ts";
import { displayName } from "../../model/display_name.ts";
import { type CallContext, type Interface, ReplyError } from "./interface.ts";
import {
  DBUS_ERROR_PREFIX,
  INSTANCE_INTERFACE,
  instancePath,
  JOB_INTERFACE,
  ROUSE_INSTANCE_INTERFACE,
  ROUSE_JOB_INTERFACE,
} from "../names.ts";
import { ControlError, follow, type InstanceView, type JobView } from "../supervisor.ts";

/** An instance and the job that it is of. */
interface InstanceTarget {
  job: JobView;
  instance: InstanceView;
}

/**
 * How many variables may come with a call. The engine copies an event's for each job that the event starts, at once: with
 * 200,000 of them init would serve nobody for a second and more for each job.
 */
const MOST_VARIABLES = 10_000;

/**
 * The environment that came with a call.
 *
 * @throws {ControlError} unless each string holds a `=`. @throws {ReplyError} when there are too many.
 */
export function pairsOf(value: unknown): string[] {
  const pairs = value as string[];
  if (pairs.length > MOST_VARIABLES) {
    const message = `${pairs.length} variables are more than the ${MOST_VARIABLES} allowed`;
    throw new ReplyError(`${DBUS_ERROR_PREFIX}LimitsExceeded`, message);
  }
  if (pairs.every((pair) => pair.includes("="))) return pairs;
  throw new ControlError("InvalidArgs", "Env must be KEY=VALUE pairs");
}

/** A condition in reverse Polish notation, as `start_on` and `stop_on` give it: events with their values, `/AND`, `/OR`. */
function reversePolish(condition: JobCondition | undefined): string[][] {
  if (!condition) return [];
  if (condition.kind !== "event") {
    return [...reversePolish(condition.left), ...reversePolish(condition.right), [
      `/${condition.kind.toUpperCase()}`,
    ]];
  }
  const values = condition.matches.map(({ key, value, negated }) =>
    key === undefined ? value : `${key}${negated ? "!=" : "="}${value}`
  );
  return [[condition.name, ...values]];
}

/**
 * The job and instance that the arguments of our own methods name: the job, and its instance by a second name or by an
 * environment.
 */
export function targetOf(
  [details, env]: unknown[],
): { job: string; instance: string } | { job: string; environment: string[] } {
  const [job = "", instance] = details as string[];
  return instance === undefined ? { job, environment: pairsOf(env) } : { job, instance };
}

/** Does what needs the name of an instance; when that lacks a variable, the job's usage is told as well. */
function withUsage<Result>(job: JobView, action: () => Result | Promise<Result>): Result | Promise<Result> {
  const fail = (error: unknown): never => {
    const { usage } = job.definition;
    if (usage === undefined || !(error instanceof ControlError) || error.errorName !== "UnknownParameter") {
      throw error;
    }
    throw new ControlError("UnknownParameter", `${error.message}\nUsage: ${usage}`);
  };
  try {
    const result = action();
    return result instanceof Promise ? result.catch(fail) : result;
  } catch (error) {
    return fail(error);
  }
}

/** The name of the instance that an environment chooses; what is thrown tells the job's usage as well. */
export function chosenInstance(
  job: JobView,
  env: unknown,
  { supervisor }: CallContext,
): string | Promise<string> {
  return withUsage(job, () => supervisor.instanceName(job.definition.name, pairsOf(env)));
}

/** Asks for an instance to be changed; gives its name. */
function ask(
  kind: "start" | "stop" | "restart",
  { definition }: JobView,
  [env, wait]: unknown[],
  { request }: CallContext,
): string | Promise<string> {
  const environment = pairsOf(env);
  return request({ kind, job: definition.name, environment, wait: wait as boolean });
}

/** The same, but gives its path as the reply. */
function askPath(kind: "start" | "restart", job: JobView, values: unknown[], call: CallContext) {
  return follow(ask(kind, job, values, call), (name) => [instancePath(job.definition.name, name)]);
}

/** For answers that hold no value. */
export const nothing = () => {};

function pathOf(job: JobView, instance: string): string {
  if (job.instances.has(instance)) return instancePath(job.definition.name, instance);
  throw new ControlError("UnknownInstance", `Unknown instance: ${instance}`);
}

const modifyJob = ({ definition }: JobView) => `modify job: ${definition.name}`;

const modifyInstance = ({ job, instance }: InstanceTarget) =>
  `modify job: ${displayName(job.definition.name, instance.name)}`;

/** `com.ubuntu.Upstart0_6.Job`. */
export const JOB: Interface<JobView> = {
  name: JOB_INTERFACE,
  methods: {
    GetInstance: {
      in: "env:as",
      out: "instance:o",
      run: (job, [env], { supervisor }) =>
        withUsage(job, () => {
          const name = supervisor.instanceName(job.definition.name, pairsOf(env));
          return [pathOf(job, name)];
        }),
    },
    GetInstanceByName: {
      in: "name:s",
      out: "instance:o",
      run: (job, [name]) => [pathOf(job, name as string)],
    },
    GetAllInstances: {
      out: "instances:ao",
      run: (job) => [Array.from(job.instances.keys(), (name) => instancePath(job.definition.name, name))],
    },
    Start: {
      in: "env:as wait:b",
      out: "instance:o",
      asynchronous: true,
      restricted: modifyJob,
      run: (job, values, call) => withUsage(job, () => askPath("start", job, values, call)),
    },
    Stop: {
      in: "env:as wait:b",
      asynchronous: true,
      restricted: modifyJob,
      run: (job, values, call) => follow(ask("stop", job, values, call), nothing),
    },
    Restart: {
      in: "env:as wait:b",
      out: "instance:o",
      asynchronous: true,
      restricted: modifyJob,
      run: (job, values, call) => askPath("restart", job, values, call),
    },
  },
  properties: {
    name: { type: "s", get: (job) => job.definition.name },
    description: { type: "s", get: (job) => job.definition.description ?? "" },
    author: { type: "s", get: (job) => job.definition.author ?? "" },
    version: { type: "s", get: (job) => job.definition.version ?? "" },
    usage: { type: "s", get: (job) => job.definition.usage ?? "" },
    start_on: { type: "aas", get: (job) => reversePolish(job.definition.startOn) },
    stop_on: { type: "aas", get: (job) => reversePolish(job.definition.stopOn) },
    emits: { type: "as", get: (job) => job.definition.emits },
  },
  signals: { InstanceAdded: "instance:o", InstanceRemoved: "instance:o" },
};

/** Start, Stop and Restart of an instance differ in their name alone. */
function change(kind: "start" | "stop" | "restart"): Interface<InstanceTarget>["methods"][string] {
  return {
    in: "wait:b",
    asynchronous: true,
    restricted: modifyInstance,
    run({ job, instance }, [wait], { request }) {
      const what = { kind, job: job.definition.name, instance: instance.name, wait: wait as boolean };
      return follow(request(what), nothing);
    },
  };
}

/** `com.ubuntu.Upstart0_6.Instance`. */
export const INSTANCE: Interface<InstanceTarget> = {
  name: INSTANCE_INTERFACE,
  methods: {
    Start: change("start"),
    Stop: change("stop"),
    Restart: change("restart"),
    Reload: {
      asynchronous: true,
      restricted: modifyInstance,
      run({ job, instance }, _, { request }) {
        const what = { kind: "reload", job: job.definition.name, instance: instance.name } as const;
        return follow(request(what), nothing);
      },
    },
  },
  properties: {
    name: { type: "s", get: ({ instance }) => instance.name },
    goal: { type: "s", get: ({ instance }) => instance.goal },
    state: { type: "s", get: ({ instance }) => instance.state },
    processes: { type: "a(si)", get: ({ instance }) => instance.processes() },
  },
  signals: { GoalChanged: "goal:s", StateChanged: "state:s", Failed: "status:i" },
};

/** What rouse tells of a job beyond Upstart: its set of defaults, the file that it comes from, and its dependencies as its file has them. */
export const ROUSE_JOB: Interface<JobView> = {
  name: ROUSE_JOB_INTERFACE,
  methods: {},
  properties: {
    semantics: { type: "s", get: ({ definition }) => definition.semantics },
    instance: { type: "s", get: ({ definition }) => definition.instance },
    source: { type: "s", get: ({ definition }) => definition.source },
    ...Object.fromEntries(DEPENDENCY_FIELDS.map((field) => [
      field,
      { type: "as", get: ({ definition }: JobView) => definition[field] },
    ])),
  },
  signals: {},
};

/** What rouse tells of an instance beyond Upstart. */
export const ROUSE_INSTANCE: Interface<InstanceTarget> = {
  name: ROUSE_INSTANCE_INTERFACE,
  methods: {},
  properties: { note: { type: "s", get: ({ instance }, { supervisor }) => instance.note(supervisor.now) } },
  signals: {},
};
