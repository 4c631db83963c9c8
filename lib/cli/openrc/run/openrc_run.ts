/** openrc-run(8), also as runscript: the interpreter of OpenRC's scripts. */

import { existsSync } from "node:fs";
import process from "node:process";
import type { Option, ParsedOptions } from "../../../model/command_line/options.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { unreadSettings } from "../../../config/openrc/rc_conf.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { type OpenrcTool, runOpenrcTool } from "../tool.ts";
import type { OutputSink } from "../messages.ts";
import { QUERIES, ServiceDependencies } from "./dependencies.ts";
import { startAgain } from "./other_services.ts";
import { isPluggable } from "./plugged.ts";
import { forgetJob } from "../init_jobs/by_init.ts";
import { linkPrograms } from "./programs.ts";
import { restart } from "./restart.ts";
import { type OpenrcService, serviceAt } from "./service.ts";
import type { ScriptVariables } from "./environment.ts";
import type { Tree } from "../../../../compat/openrc/mod.ts";
import { Abort, ServiceRun } from "./service_run.ts";
import { runActions } from "./shell.ts";
import { start } from "./start.ts";
import { stop } from "./stop.ts";

/** The options, and what each does. */
interface RunOption extends Option {
  apply(run: ServiceRun, value: string | undefined): void;
}

const OPTIONS: readonly RunOption[] = [
  {
    short: "d",
    long: "debug",
    help: "have the shell print what it runs",
    apply: ({ environment }) => void (environment["RC_DEBUG"] = "YES"),
  },
  {
    short: "Z",
    long: "dry-run",
    help: "show what would be done",
    apply: (run) => void (run.isDryRun = true),
  },
  {
    short: "s",
    long: "ifstarted",
    help: "do nothing unless the service is started",
    apply: (run) => onlyIf(run.state === "started"),
  },
  {
    short: "S",
    long: "ifstopped",
    help: "do nothing unless the service is stopped",
    apply: (run) => onlyIf(run.state === "stopped"),
  },
  {
    short: "D",
    long: "nodeps",
    help: "let other services be",
    apply: (run) => void (run.withDependencies = false),
  },
  {
    short: "l",
    long: "lockfd",
    argument: "FD",
    help: "descriptor of the lock that the caller holds",
    apply: ({ lock }, value) => lock.adopt(Number(value)),
  },
];

function onlyIf(condition: boolean): void {
  if (!condition) throw new Abort(1);
}

/** Runs actions of a script. Returns the exit status. */
export function main([path, ...words]: string[], name: string): number | Promise<number> {
  const service = path !== undefined && existsSync(path) ? serviceAt(path) : undefined;
  if (!service) {
    writeAll(2, "openrc-run should not be run directly\n");
    return 1;
  }
  const tool: OpenrcTool = {
    forms: ["[OPTION]... ACTION..."],
    options: OPTIONS,
    run({ options, args }, { environment }) {
      if (args.length === 0) throw new UsageError("missing action");
      const run = new ServiceRun(service, environment);
      run.isOldName = name === "runscript";
      return runService(run, options, args);
    },
  };
  return runOpenrcTool(tool, words, service.name);
}

async function runService(
  run: ServiceRun,
  options: ParsedOptions["options"],
  actions: readonly string[],
): Promise<number> {
  try {
    for (const option of OPTIONS) {
      const values = options.get(option.long);
      if (values) option.apply(run, values.at(-1));
    }
    process.chdir("/");
    prepare(run);
    return await doActions(run, actions);
  } catch (error) {
    if (error instanceof Abort) return error.status;
    throw error;
  } finally {
    run.restore();
    if (run.restarted.length > 0) await startAgain(run);
  }
}

/** How openrc has an action of a service done in its own process. */
interface ActionHere {
  action: "start" | "stop";
  environment: ScriptVariables;
  tree: Tree;
  /** The script calls its interpreter by the old name. */
  isOldName: boolean;
  /** Takes the output, where other services print at the same time. */
  sink?: OutputSink;
}

/** The actions that are being done. */
const acting = new Set<ServiceRun>();

/** Does an action of a service in this process, which starts and stops many: only the script takes another one. */
export async function actHere(
  service: OpenrcService,
  { action, environment, tree, isOldName, sink }: ActionHere,
): Promise<void> {
  const run = new ServiceRun(service, { ...environment });
  linkPrograms(run.states.directory);
  run.tree = tree;
  if (sink) Object.assign(run, { isShared: true }).messages.sink = sink;
  acting.add(run);
  try {
    if (run.says("RC_NODEPS")) run.withDependencies = false;
    if (isOldName) tellOldName(run);
    await doActions(run, [action]);
  } catch (error) {
    if (!(error instanceof Abort)) throw error;
  } finally {
    acting.delete(run);
    run.restore();
    if (run.restarted.length > 0) await startAgain(run);
  }
}

/** Ends the scripts that run in this way, and undoes what has only begun. */
export function abandonActions(signal: number): void {
  for (const run of acting) {
    run.signalScript(signal);
    run.restore();
  }
}

function tellOldName({ messages, service: { script } }: ServiceRun): void {
  messages.warn(`${script} uses runscript, please convert to openrc-run.`);
}

/** What the environment says of this call, and how signals end it. */
export function prepare(run: ServiceRun): void {
  const { environment, states, service: { name } } = run;
  linkPrograms(states.directory);
  for (const problem of unreadSettings()) run.messages.warn(problem);
  if (run.says("RC_NODEPS")) run.withDependencies = false;
  // While a runlevel is entered or left, it is for openrc to say which services start and stop.
  if (environment["RC_PID"] === undefined && (states.isEntering || states.isLeaving)) {
    run.withDependencies = false;
  }
  if (environment["IN_BACKGROUND"] !== undefined) {
    run.background = environment["IN_BACKGROUND"];
    run.inBackground = run.says("IN_BACKGROUND");
    delete environment["IN_BACKGROUND"];
  }
  if (run.says("IN_DRYRUN")) run.isDryRun = true;
  if (run.says("IN_HOTPLUG")) {
    if (!isPluggable(name, run.settings)) run.fail(`${name}: not allowed to be hotplugged`);
    run.inBackground = true;
  }
  process.on("SIGHUP", () => run.isHungUp = true);
  if (run.isOldName) tellOldName(run);
  for (const [signal, number] of Object.entries({ SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 })) {
    process.on(signal, () => {
      run.signalScript(number);
      run.messages.error(`${name}: caught ${signal}, aborting`);
      run.restore();
      process.exit(1);
    });
  }
}

type Action = (run: ServiceRun) => Promise<number | void>;

/** The actions that are no function of the script alone. */
const ACTIONS: Readonly<Record<string, Action>> = {
  start,
  async stop(run) {
    await stopAndForget(run);
  },
  async pause(run) {
    run.messages.warn("WARNING: 'pause' is deprecated; please use '--nodeps stop'");
    run.withDependencies = false;
    await stopAndForget(run);
  },
  restart,
  condrestart: restartStarted,
  conditionalrestart: restartStarted,
  zap,
  broken,
  describe: (run) => unprefixed(run, () => runActions(run, "describe").then(() => 0)),
  depend: (run) => unprefixed(run, () => runActions(run, "depend").then(() => 0)),
  help: (run) => unprefixed(run, () => runActions(run, "help").then(() => 0)),
  status: (run) => unprefixed(run, () => runActions(run, "status")),
  ...Object.fromEntries(QUERIES.map((relation): [string, Action] => [relation, async (run) => {
    const dependencies = await ServiceDependencies.load(run);
    writeAll(1, dependencies.order(relation).map((service) => `${service} `).join("") + "\n");
  }])),
};

/** Does actions one after another. Returns the exit status of the last that has one. */
async function doActions(run: ServiceRun, actions: readonly string[]): Promise<number> {
  let status = 0;
  for (const [index, action] of actions.entries()) {
    // A signal that came while the last script ran may be heard only after its end.
    if (index > 0) await new Promise((resolve) => setTimeout(resolve));
    if (run.isHungUp) return 1;
    run.environment["RC_CMD"] = action;
    const known = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    status = await (known ? known(run) : runActions(run, action)) ?? status;
    run.restarted = [];
  }
  return status;
}

async function restartStarted(run: ServiceRun): Promise<void> {
  if (run.state === "started") await restart(run);
}

/** Stops a service. One that goes to the background has those that needed it start when it is back. */
async function stopAndForget(run: ServiceRun): Promise<void> {
  const { states, service: { name }, withDependencies } = run;
  if (withDependencies && run.inBackground) {
    run.restarted = [...states.services("started"), ...states.services("inactive")];
  }
  if (!await stop(run) || !withDependencies) return;
  if (!run.inBackground && !states.isLeaving && run.state === "stopped") states.clearMark(name, "hotplugged");
  if (!run.inBackground || run.state !== "inactive") return;
  for (const other of run.restarted) {
    if (states.state(other) === "stopped") states.schedule(other, states.script(other)!, name);
  }
}

async function zap(run: ServiceRun): Promise<void> {
  const { states, messages, service: { name, script } } = run;
  messages.info(`Manually resetting ${name} to stopped state`);
  unlessRefused(() => {
    states.setState(name, script, "stopped");
    states.clearMark(name, "hotplugged");
  }, (error) => run.fail(`rc_service_mark: ${errorReason(error)}`));
  await forgetJob(run);
}

/** Prints the needs that nothing meets. */
async function broken(run: ServiceRun): Promise<void> {
  const dependencies = await ServiceDependencies.load(run);
  writeAll(1, dependencies.broken.map((service) => `${service} `).join("") + "\n");
}

/** Does something whose output is no part of what several services print at once. */
async function unprefixed(run: ServiceRun, action: () => Promise<number>): Promise<number> {
  const { prefix } = run;
  run.prefix = undefined;
  try {
    return await action();
  } finally {
    run.prefix = prefix;
  }
}
