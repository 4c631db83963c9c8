/** Entering a runlevel: stops what is not of it, starts what is. */

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import {
  decideStop,
  kernelParameter,
  type OrderQuery,
  predecessors,
  type RunlevelChange,
  type Settings,
  startOrder,
  successors,
  type Tree,
  yesOrNo,
} from "../../../../compat/openrc/mod.ts";
import { hasCrashed } from "../../../config/openrc/daemons/crashed.ts";
import { serviceFacts } from "../../../config/openrc/depend/facts.ts";
import {
  levelExists,
  LevelLoop,
  levelStack,
  servicesOfLevel,
  stackedServices,
} from "../../../config/openrc/levels.ts";
import { bootLevel, isSet, readCommandLine } from "../../../config/openrc/rc_conf.ts";
import { scriptOf } from "../../../config/openrc/services.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import { systemType } from "../../../config/openrc/system_type.ts";
import { forgetTree } from "../../../config/openrc/depend/tree.ts";
import { LEVELS } from "../../../model/openrc/paths.ts";
import { write } from "../../output.ts";
import type { OpenrcMessages } from "../messages.ts";
import { loopText } from "../rc_status.ts";
import type { ScriptVariables } from "../run/environment.ts";
import { abandonActions } from "../run/openrc_run.ts";
import { haveJobs } from "../init_jobs/by_init.ts";
import { serviceAt } from "../run/service.ts";
import { ToolError } from "../tool.ts";
import { loadTreeAloud } from "../tree.ts";
import { LevelLog } from "./level_log.ts";
import { LevelMarks } from "./level_marks.ts";
import { nextLevel, setNextLevel } from "./next_level.ts";
import { greet, prepareMachine } from "./prepare.ts";
import { Prompt, userShell } from "./prompt.ts";
import { ServiceRunner } from "./service_runner.ts";

/** What is asked of openrc. */
interface LevelRequest {
  /** The name by which the program was called. */
  name: string;
  /** The runlevel; the present one is entered anew by default. */
  level: string | undefined;
  stopsNothing: boolean;
  settings: Settings;
  /** The environment of the scripts, which is completed. */
  environment: ScriptVariables;
  messages: OpenrcMessages;
}

/** The other name of `shutdown`. */
const REBOOT = "reboot";

/**
 * Enters a runlevel. Returns the exit status.
 * @throws {ToolError} where there is no such runlevel, or it cannot be entered now.
 */
export async function enterLevel(request: LevelRequest): Promise<number> {
  const { environment } = request;
  Object.assign(environment, { RC_PID: String(process.pid), EINFO_LOG: "openrc" });
  if (request.level === REBOOT) environment["RC_REBOOT"] = "YES";
  const entry = new LevelEntry(request);
  try {
    return await entry.run();
  } catch (error) {
    if (!(error instanceof LevelLoop)) throw error;
    write(2, loopText(error));
    return 1;
  } finally {
    entry.end();
  }
}

/** The level that a word means. */
function levelOf(word: string | undefined): string | undefined {
  if (word === REBOOT) return LEVELS.shutdown;
  return word === LEVELS.boot ? bootLevel() : word;
}

/** One change of the runlevel. */
class LevelEntry {
  readonly #states = new ServiceStates();
  readonly #marks: LevelMarks;
  readonly #prompt: Prompt;
  readonly #bootLevel = bootLevel();
  #log: LevelLog | undefined;
  #isParallel = false;
  #from: string;

  constructor(private readonly request: LevelRequest) {
    const { settings, messages } = request;
    this.#marks = new LevelMarks(this.#states);
    this.#prompt = new Prompt(
      messages,
      isSet(settings, "rc_interactive"),
      userShell(settings.get("rc_shell")),
    );
    this.#from = this.#states.runlevel;
  }

  async run(): Promise<number> {
    const { settings, environment, messages } = this.request;
    const asked = levelOf(this.request.level);
    this.#listenToSignals();
    if (asked === LEVELS.sysinit) this.#prepare();
    this.#marks.prepare(this.request.name);
    this.#log = LevelLog.begin(asked ?? this.#from, settings, messages);
    const goesDown = asked === LEVELS.shutdown || asked === LEVELS.single;
    const level = goesDown ? this.#goDown(asked) : this.#levelToEnter(asked);
    const { tree, isRenewed } = await loadTreeAloud({
      messages,
      environment,
      isForced: asked === LEVELS.sysinit,
    });
    this.#marks.clearFailed();
    this.#marks.beginLeaving(this.request.name);
    const to = level ?? this.#from;
    this.#isParallel = await this.#mayRunSideBySide(to);
    const wanted = this.#wantedServices(to);
    const hotplugged = this.#states.services("hotplugged");
    if (!this.request.stopsNothing) await this.#stopServices(tree, to, wanted, goesDown, settings);
    this.#marks.endLeaving();
    this.#states.runlevel = to;
    environment["RC_RUNLEVEL"] = to;
    this.#marks.beginEntering();
    for (const service of hotplugged) this.#mark(service, "hotplugged");
    const spared = kernelParameter(readCommandLine(), "noinit")?.split(",") ?? [];
    for (const service of spared) this.#mark(service, "started");
    await this.#startServices(tree, to);
    for (const service of spared) this.#mark(service, "stopped");
    // What depend() tells may be another thing once the boot has mounted all file systems.
    if (isRenewed && to === this.#bootLevel) forgetTree();
    return 0;
  }

  /** Takes away the marks of a change, whatever has happened, and ends its log. */
  end(): void {
    this.#marks.end();
    this.#log?.end();
  }

  #prepare(): void {
    const { settings, environment, messages } = this.request;
    greet(messages, systemType(settings), isSet(settings, "rc_interactive"));
    environment["RC_RUNLEVEL"] = LEVELS.sysinit;
    prepareMachine(messages);
    this.#from = this.#states.runlevel;
  }

  /** The level to which the next `default` leads back is the present one. */
  #goDown(level: string): string {
    const { environment } = this.request;
    if (nextLevel() === undefined) setNextLevel(this.#from);
    this.#states.runlevel = level;
    Object.assign(environment, { RC_RUNLEVEL: level, RC_GOINGDOWN: "YES" });
    return level;
  }

  /** The level that is entered: another one than asked for where one was noted. @throws {ToolError} */
  #levelToEnter(asked: string | undefined): string | undefined {
    let level = asked;
    if (asked !== LEVELS.sysinit && asked !== this.#bootLevel) {
      const next = nextLevel();
      if (next !== undefined) {
        setNextLevel(undefined);
        if (next === this.#from || levelExists(next)) level = next;
        // It was asked for by the kernel's command line: without any services nobody could mend that.
        else this.#tellMissing(next, asked ?? this.#from);
      }
    }
    if (level !== undefined && level !== this.#from && !levelExists(level)) {
      throw new ToolError(`${level}: not a valid runlevel`);
    }
    if (level === LEVELS.sysinit) {
      const commandLine = readCommandLine();
      const wanted = kernelParameter(commandLine, "rc_runlevel") ?? kernelParameter(commandLine, "softlevel");
      if (wanted !== undefined) setNextLevel(wanted);
    }
    return level;
  }

  #tellMissing(wanted: string, level: string): void {
    this.request.messages.error(
      `The runlevel ${wanted} that is to be entered next is not there: ${level} is entered instead`,
    );
  }

  /** Services start side by side where the settings say so; where they say nothing, those that are jobs of init's do. */
  async #mayRunSideBySide(level: string): Promise<boolean> {
    const { settings } = this.request;
    const said = yesOrNo(settings.get("rc_parallel"));
    if (said !== undefined || isSet(settings, "rc_interactive")) return said ?? false;
    const services = [...servicesOfLevel(level), ...this.#states.services("started")];
    return await haveJobs(services.flatMap((service) => serviceAt(scriptOf(service) ?? "") ?? []));
  }

  /** The services that are to be up in a runlevel. */
  #wantedServices(level: string): Set<string> {
    const wanted = new Set(stackedServices(level));
    if (level === LEVELS.shutdown || level === LEVELS.sysinit) return wanted;
    const more = [servicesOfLevel(LEVELS.sysinit)];
    if (level !== LEVELS.single) {
      if (level !== this.#bootLevel) more.push(servicesOfLevel(this.#bootLevel));
      more.push(this.#states.services("hotplugged"));
    }
    for (const service of more.flat()) wanted.add(service);
    return wanted;
  }

  async #stopServices(
    tree: Tree,
    to: string,
    wanted: Set<string>,
    goesDown: boolean,
    settings: Settings,
  ): Promise<void> {
    const states = this.#states;
    const abandoned = states.services("stopping").filter((service) => states.isAbandoned(service));
    const up = (["started", "inactive", "starting"] as const).flatMap((state) => states.services(state))
      .concat(abandoned).sort();
    const facts = serviceFacts();
    // The level counts that is left, or the one that takes the machine down.
    const query = {
      level: this.#from,
      bootLevel: this.#bootLevel,
      isStrict: true,
      phase: "stop",
      facts,
    } as const;
    const order = startOrder(tree, up, query).reverse();
    const stopsCrashed = isSet(settings, "rc_crashed_stop");
    const change: RunlevelChange = {
      from: this.#from,
      to,
      bootLevel: this.#bootLevel,
      goesDown,
      wanted,
      kept: settings.get("rc_nostop")?.split(/\s+/) ?? [],
      facts,
      isCrashed: (service) => stopsCrashed && hasCrashed(states, service),
      hasSettings,
    };
    const runner = this.#runner(tree);
    const mayStop = (service: string) => {
      if (states.state(service) === "stopped" || states.is("failed", service)) return false;
      const decision = decideStop(tree, service, change);
      if (decision === "keep") this.#mark(service, "failed");
      return decision === "stop";
    };
    if (this.#isParallel) {
      const before = successors(predecessors(tree, order.toReversed(), query));
      return await runner.runSideBySide(
        new Map(order.map((one) => [one, before.get(one)!])),
        "stop",
        mayStop,
      );
    }
    for (const service of order) if (mayStop(service)) await runner.run(service, "stop");
  }

  async #startServices(tree: Tree, to: string): Promise<void> {
    const runner = this.#runner(tree);
    const startsCrashed = isSet(this.request.settings, "rc_crashed_start", true);
    for (const level of levelStack(to).reverse()) {
      const query: Omit<OrderQuery, "relations"> = {
        level,
        bootLevel: this.#bootLevel,
        isStrict: true,
        phase: "start",
        facts: serviceFacts(),
      };
      const order = startOrder(tree, servicesOfLevel(level), query);
      const mayStart = (service: string) => this.#mayStart(service, startsCrashed);
      if (this.#isParallel) {
        await runner.runSideBySide(predecessors(tree, order, query), "start", mayStart);
      } else {
        for (const service of order) if (mayStart(service)) await runner.run(service, "start");
      }
      this.#prompt.keep(to === LEVELS.sysinit || to === this.#bootLevel);
    }
  }

  #runner(tree: Tree): ServiceRunner {
    const { environment, messages } = this.request;
    return new ServiceRunner(environment, messages, tree);
  }

  #mayStart(service: string, startsCrashed: boolean): boolean {
    const states = this.#states;
    if (states.is("failed", service)) return false;
    if (states.state(service) !== "stopped" && !states.isAbandoned(service)) {
      if (!startsCrashed || !hasCrashed(states, service)) return false;
      this.#mark(service, "stopped");
    }
    return this.#prompt.mayStart(service);
  }

  #mark(service: string, mark: "started" | "stopped" | "failed" | "hotplugged"): void {
    const script = scriptOf(service);
    if (script === undefined || !existsSync(script)) return;
    if (mark === "failed" || mark === "hotplugged") this.#states.setMark(service, script, mark);
    else this.#states.setState(service, script, mark);
  }

  /** A signal ends the change, and the scripts that run. */
  #listenToSignals(): void {
    const { name, messages } = this.request;
    // A script that notes a state itself tells openrc-run so; here that is seen by the state.
    process.on("SIGHUP", () => {});
    for (const [signal, number] of Object.entries({ SIGINT: 2, SIGQUIT: 3, SIGTERM: 15, SIGUSR1: 15 })) {
      process.on(signal, () => {
        messages.error(signal === "SIGUSR1" ? `${name}: Aborting!` : `${name}: caught ${signal}, aborting`);
        abandonActions(number);
        this.end();
        process.exit(1);
      });
    }
  }
}

/** True for a service that has settings of its own in a runlevel. */
function hasSettings(service: string, level: string): boolean {
  const script = scriptOf(service);
  return script !== undefined &&
    existsSync(join(dirname(dirname(script)), "conf.d", `${basename(service)}.${level}`));
}
