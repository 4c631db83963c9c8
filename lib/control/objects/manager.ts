/** The manager object: `com.ubuntu.Upstart0_6`, and what rouse adds to it. */

import { type CallContext, type Interface, ReplyError } from "./interface.ts";
import { chosenInstance, nothing, pairsOf, targetOf } from "./job.ts";
import { DBUS_ERROR_PREFIX, jobPath, MANAGER_INTERFACE, ROUSE_INTERFACE, socketPath } from "../names.ts";
import { isPrivileged } from "../privilege.ts";
import {
  ControlError,
  follow,
  type InstanceView,
  type JobView,
  LOG_PRIORITIES,
  type LogPriority,
  type Supervisor,
} from "../supervisor.ts";
import { isFault } from "../../sys/call/fault.ts";

const QUERY = "query job environment", MODIFY = "modify job environment";

/** The instance whose table of variables is meant, or undefined for everybody's. */
function tableOf(
  details: unknown,
  { supervisor }: CallContext,
): { job: string; instance: string } | undefined {
  const [job, instance = ""] = details as string[];
  if (job === undefined) return undefined;
  if (job === "") throw new ControlError("InvalidArgs", "Job may not be empty string");
  const view = supervisor.job(job);
  if (!view) throw new ControlError("UnknownJob", `Unknown job: ${job}`);
  if (view.instances.has(instance)) return { job, instance };
  throw new ControlError("UnknownJobInstance", `Unknown instance: ${instance} of job ${job}`);
}

function jobNamed(name: unknown, { supervisor }: CallContext): JobView {
  if (name === "") throw new ControlError("InvalidArgs", "Name may not be empty string");
  const job = supervisor.job(name as string);
  if (!job) throw new ControlError("UnknownJob", `Unknown job: ${name}`);
  return job;
}

/** Jobs of the system are given variables by their definitions and events alone. */
function notFirstProcess({ firstProcess }: CallContext, what: string): void {
  if (firstProcess) throw new ControlError("PermissionDenied", `Not permissible to ${what}`);
}

/** Upstart means to refuse it as well, and looks at the wrong thing. */
function notEmpty(name: string): void {
  if (name === "") throw new ControlError("InvalidArgs", "Variable may not be empty string");
}

function setVariables(details: unknown, variables: string[], replace: unknown, call: CallContext): void {
  notFirstProcess(call, "modify PID 1 job environment");
  const table = tableOf(details, call);
  const pairs = variables.map((variable) => variable.includes("=") ? variable : `${variable}=`);
  for (const pair of pairs) notEmpty(pair.slice(0, pair.indexOf("=")));
  for (const pair of pairs) call.supervisor.jobEnvironment.set(pair, replace as boolean, table);
}

/** As in Upstart a variable that is not there may be removed, but not from a table that is empty. */
function unsetVariables(details: unknown, names: string[], call: CallContext): void {
  notFirstProcess(call, "modify PID 1 job environment");
  const table = tableOf(details, call), { jobEnvironment } = call.supervisor;
  names.forEach(notEmpty);
  for (const name of names) {
    if (jobEnvironment.list(table).length === 0) throw noVariable(name);
    jobEnvironment.unset(name, table);
  }
}

function noVariable(name: string): ControlError {
  return new ControlError("InvalidArgs", `No such variable: ${name}`);
}

/** `com.ubuntu.Upstart0_6`. */
export const MANAGER: Interface<null> = {
  name: MANAGER_INTERFACE,
  methods: {
    ReloadConfiguration: {
      restricted: "reload configuration",
      run: (_, __, { supervisor }) => supervisor.reloadConfiguration(),
    },
    GetJobByName: {
      in: "name:s",
      out: "job:o",
      run: (_, [name], call) => [jobPath(jobNamed(name, call).definition.name)],
    },
    GetAllJobs: {
      out: "jobs:ao",
      run: (_, __, { supervisor }) => [Array.from(supervisor.jobs(), (job) => jobPath(job.definition.name))],
    },
    GetState: {
      out: "state:s",
      restricted: "request state",
      run: (_, __, { supervisor }) => [JSON.stringify(supervisor.snapshot())],
    },
    Restart: {
      asynchronous: true,
      restricted: "request restart",
      run: (_, __, { supervisor, peer }) => supervisor.restart(undefined, peer),
    },
    GetEnv: {
      in: "job_details:as name:s",
      out: "value:s",
      restricted: QUERY,
      run(_, [details, given], call) {
        const name = given as string;
        notEmpty(name);
        const value = call.supervisor.jobEnvironment.get(name, tableOf(details, call));
        if (value === undefined) throw noVariable(name);
        return [value];
      },
    },
    SetEnv: {
      in: "job_details:as var:s replace:b",
      restricted: MODIFY,
      run: (_, [details, variable, replace], call) =>
        setVariables(details, [variable as string], replace, call),
    },
    SetEnvList: {
      in: "job_details:as vars:as replace:b",
      restricted: MODIFY,
      run: (_, [details, variables, replace], call) =>
        setVariables(details, variables as string[], replace, call),
    },
    UnsetEnv: {
      in: "job_details:as name:s",
      restricted: MODIFY,
      run: (_, [details, name], call) => unsetVariables(details, [name as string], call),
    },
    UnsetEnvList: {
      in: "job_details:as name:as",
      restricted: MODIFY,
      run: (_, [details, names], call) => unsetVariables(details, names as string[], call),
    },
    ListEnv: {
      in: "job_details:as",
      out: "env:as",
      restricted: QUERY,
      run: (_, [details], call) => [call.supervisor.jobEnvironment.list(tableOf(details, call))],
    },
    ResetEnv: {
      in: "job_details:as",
      restricted: MODIFY,
      run(_, [details], call) {
        notFirstProcess(call, "modify PID 1 job environment");
        call.supervisor.jobEnvironment.reset(tableOf(details, call));
      },
    },
    EmitEvent: {
      in: "name:s env:as wait:b",
      asynchronous: true,
      restricted: "emit an event",
      run(_, [name, env, wait], { request }) {
        const event = name as string;
        if (event === "") throw new ControlError("InvalidArgs", "Name may not be empty string");
        const what = { kind: "emit", event, environment: pairsOf(env), wait: wait as boolean } as const;
        return follow(request(what), () => {});
      },
    },
    EmitEventWithFile: {
      in: "name:s env:as wait:b file:h",
      asynchronous: true,
      restricted: "emit an event",
      run() {
        throw new ControlError(
          "NotSupported",
          "Unable to emit an event with a file: descriptors cannot be passed",
        );
      },
    },
    NotifyDiskWriteable: {
      restricted: "notify disk is writeable",
      run: (_, __, { supervisor }) => supervisor.notifyDiskWriteable(),
    },
    NotifyDBusAddress: {
      in: "address:s",
      restricted: "notify D-Bus address",
      // There is no bus to be joined: clients speak to init directly.
      run(_, [address], call) {
        notFirstProcess(call, "notify D-Bus address for PID 1");
        try {
          socketPath(address as string);
        } catch (error) {
          if (isFault(error)) throw error;
          throw new ReplyError(`${DBUS_ERROR_PREFIX}BadAddress`, (error as Error).message);
        }
      },
    },
    NotifyCGroupManagerAddress: {
      in: "address:s",
      restricted: "notify cgroup manager address",
      // Control groups are set up through the kernel's file system, without a manager.
      run: () => {},
    },
    EndSession: {
      restricted: "end session",
      run(_, __, { supervisor, firstProcess }) {
        if (!firstProcess) supervisor.endSession();
      },
    },
  },
  properties: {
    version: { type: "s", get: (_, { supervisor }) => supervisor.version },
    log_priority: {
      type: "s",
      get: (_, { supervisor }) => supervisor.logPriority,
      restricted: "set log priority",
      set(_, value, { supervisor }) {
        if (!LOG_PRIORITIES.includes(value as LogPriority)) {
          throw new ControlError("InvalidArgs", "The log priority given was not recognised");
        }
        supervisor.logPriority = value as LogPriority;
      },
    },
  },
  signals: { JobAdded: "job:o", JobRemoved: "job:o", EventEmitted: "name:s env:as", Restarted: "" },
};

function rowOf(instance: InstanceView): unknown[] {
  return [instance.name, instance.goal, instance.state, instance.processes()];
}

/** What rouse offers on the manager object beyond Upstart. */
export const ROUSE: Interface<null> = {
  name: ROUSE_INTERFACE,
  methods: {
    /** All jobs with name, goal, state and processes of each of their instances, in one answer. */
    ListAll: {
      out: "jobs:a(sa(sssa(si)))",
      run: (_, __, { supervisor }) => [
        Array.from(supervisor.jobs(), (job) => [
          job.definition.name,
          Array.from(job.instances.values(), rowOf),
        ]),
      ],
    },
    /**
     * One instance of a job, known by its name or else by an environment, with the same values and its note; none
     * when the job's only one does not run and there is nothing to be said of it. And why the job's last good definition is in force and not what its file
     * says now, empty when it is not so, and for callers without rights.
     */
    GetStatus: {
      in: "job_details:as env:as",
      out: "instances:a(sssa(si)s) problem:s",
      run(_, [details, env], call) {
        const [jobName, named] = details as string[];
        const job = jobNamed(jobName ?? "", call);
        return follow(named ?? chosenInstance(job, env, call), (name) => {
          const instance = job.instances.get(name);
          if (!instance && (named !== undefined || (env as string[]).length > 0)) {
            throw new ControlError("UnknownInstance", `Unknown instance: ${name}`);
          }
          const remark = instance ? "" : call.supervisor.remark(job.definition.name);
          // A job that has no instance has a row all the same when there is something to be said.
          const rows = instance
            ? [[...rowOf(instance), noteOn(instance, job.definition.name, call.supervisor)]]
            : remark === ""
            ? []
            : [["", "stop", "waiting", [], remark]];
          // It has words of a file that others may not be able to read.
          const problem = isPrivileged(call.peer.uid) && call.supervisor.problem(job.definition.name);
          return [rows, problem || ""];
        });
      },
    },
    /** Stops an instance, named as in GetStatus, without waiting for anything: whatever of it runs is killed. */
    ForceStop: {
      in: "job_details:as env:as wait:b",
      asynchronous: true,
      restricted: "stop a job by force",
      run(_, values, { request }) {
        const wait = values[2] as boolean;
        return follow(request({ kind: "stop", ...targetOf(values), wait, force: true }), nothing);
      },
    },
    /** Forgets how often an instance, named as in GetStatus, has failed. */
    Reset: {
      in: "job_details:as env:as",
      restricted: "reset a job",
      run: (_, values, { request }) => follow(request({ kind: "reset", ...targetOf(values) }), nothing),
    },
    /** Has an instance, named as in GetStatus, count as down. What runs of it goes on by itself. */
    Forget: {
      in: "job_details:as env:as",
      restricted: "have a job forgotten",
      run: (_, values, { request }) => follow(request({ kind: "forget", ...targetOf(values) }), nothing),
    },
    /**
     * Stops and starts the init scripts of a runlevel, where these are jobs; `shown`: with what they print on the console.
     * Else it does nothing, and says so.
     */
    EnterLevel: {
      in: "level:s previous:s shown:b",
      out: "entered:b",
      asynchronous: true,
      restricted: "enter a runlevel",
      run(_, [level, previous, shown], { supervisor }) {
        const entered = supervisor.enterLevel(level as string, previous as string, shown as boolean);
        return entered ? entered.then(() => [true]) : [false];
      },
    },
    /** The same as Upstart's Restart, but another executable takes init's place. */
    RestartAs: {
      in: "executable:s",
      asynchronous: true,
      restricted: "request restart",
      run: (_, [executable], { supervisor, peer }) => supervisor.restart(executable as string, peer),
    },
    /** For callers that do not listen to signals: none are made for them. */
    Silence: { run: (_, __, call) => call.silence() },
  },
  properties: {
    /** How often init was replaced in place. */
    restarts: { type: "u", get: (_, { supervisor }) => supervisor.restarts },
    /** How often it was for an internal error. */
    crashes: { type: "u", get: (_, { supervisor }) => supervisor.crashes },
    /** Whether init is about to be. */
    restarting: { type: "b", get: (_, { supervisor }) => supervisor.restarting },
  },
  /** The last word to a client that is dropped: what it has done. */
  signals: { Dropped: "reason:s" },
};

/** What is to be said of an instance. */
function noteOn(instance: InstanceView, job: string, supervisor: Supervisor): string {
  return [instance.note(supervisor.now), supervisor.logProblem(job)].filter(Boolean).join("; ");
}
