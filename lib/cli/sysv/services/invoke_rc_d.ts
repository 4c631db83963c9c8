/** The program invoke-rc.d(8): runs an action of a service where the runlevel and the administrator's policy allow it. */

import { readdirSync } from "node:fs";
import process from "node:process";
import { type CommandDescription, commandHelp } from "../../../model/command_line/help.ts";
import type { Option } from "../../../model/command_line/options.ts";
import { goesDown } from "../../../model/sysv/runlevels.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { recordedRunlevel } from "../../../sys/utmp/records.ts";
import { write } from "../../output.ts";
import { closing, serviceJob } from "./job.ts";
import { askPolicy, hasPolicy, POLICY, type Verdict } from "./policy.ts";
import { isFile, mayRun, runScript, type Script, scriptNamed } from "./script.ts";
import { throughInit } from "./service.ts";

const OPTIONS: readonly Option[] = [
  { long: "quiet", help: "print no errors" },
  { long: "force", help: "run the action whatever the policy and the runlevel say" },
  { long: "try-anyway", help: "run the action where the policy only fails" },
  { long: "disclose-deny", help: "exit with 101, not 0, where the action is not allowed" },
  { long: "query", help: "run nothing, and exit with what would be: one of 100 to 106" },
  { long: "no-fallback", help: "do nothing where the policy wants another action" },
  { long: "skip-systemd-native", help: "accepted for compatibility" },
  { long: "help", help: "display this help and exit" },
];

export const INVOKE: CommandDescription = {
  name: "invoke-rc.d",
  arguments: "SCRIPT ACTION [ARGUMENT]...",
  summary: "Run an action of an init script, unless the runlevel or the local policy forbids it.",
  help:
    "start, restart and try-restart need a link in the directory of the present runlevel, or in that of S. " +
    "/usr/sbin/policy-rc.d, where it is there, decides on all.\n\n" +
    "Exit status: the script's; 0 where the action is not allowed; 100 unknown script, 101 denied, " +
    "102 the policy fails, 103 wrong arguments.",
  options: OPTIONS,
};

/** Actions that make a service run, which only its runlevels may have. */
const STARTS = ["start", "restart", "try-restart"];

/** A command line. */
interface Call {
  options: ReadonlySet<string>;
  name: string;
  action: string;
  more: string[];
}

/** Runs the program. Returns the exit status. */
export async function main(args: string[]): Promise<number> {
  const call = parse(args);
  return typeof call === "number" ? call : await new Invocation(call).run();
}

/** The command line taken apart, or the exit status where there is nothing to do. */
function parse(args: string[]): Call | number {
  const options = new Set<string>();
  const words: string[] = [];
  let more: string[] = [];
  for (const [index, word] of args.entries()) {
    if (words.length === 2) {
      more = args.slice(index);
      break;
    }
    if (word.startsWith("--")) {
      const option = word.slice(2);
      if (!OPTIONS.some(({ long }) => long === option)) return wrong(`unknown option "${word}"`);
      options.add(option);
    } else if (word === "") return wrong("invalid empty parameter");
    else if (/\s/.test(word)) return wrong(`embedded blanks are not allowed in "${word}"`);
    else words.push(word);
  }
  const [name, action] = words;
  if (options.has("help")) return help(1, 0);
  if (args.length === 0) {
    wrong("missing required parameter, --help assumed");
    return help(1, POLICY.syntaxError);
  }
  if (name === undefined || action === undefined) return wrong("missing required parameter");
  return { options, name, action, more };
}

function help(descriptor: 1 | 2, status: number): number {
  write(descriptor, commandHelp("invoke-rc.d", INVOKE, OPTIONS));
  return status;
}

function wrong(message: string): number {
  write(2, `invoke-rc.d: syntax error: ${message}\n`);
  return POLICY.syntaxError;
}

/** What is to be done: actions to be tried one after the other, or an exit status. */
type Decision = string[] | { exit: number };

class Invocation {
  readonly #call: Call;
  readonly #script: Script | undefined;
  readonly #isQuiet: boolean;
  #isForced: boolean;

  constructor(call: Call) {
    this.#call = call;
    this.#script = scriptNamed(call.name);
    this.#isQuiet = call.options.has("quiet");
    this.#isForced = call.options.has("force");
  }

  async run(): Promise<number> {
    const { name } = this.#call;
    const runlevel = this.#runlevel();
    const isMissing = !this.#script || !isFile(this.#script.path);
    const hasJob = isMissing && await closing(serviceJob(name), (job) => job !== undefined);
    if (!hasJob) {
      const problem = this.#problemOf(isMissing, runlevel);
      if (problem !== undefined) return problem;
    }
    process.chdir("/");
    const decision = this.#decide(runlevel, hasJob);
    return Array.isArray(decision) ? await this.#carryOut(decision) : decision.exit;
  }

  #complain(message: string): void {
    if (!this.#isQuiet) write(2, message.split("\n").map((line) => `invoke-rc.d: ${line}\n`).join(""));
  }

  /** The present runlevel. On its way down a machine runs whatever it is told to. */
  #runlevel(): string | undefined {
    const found = ifAllowed(() => recordedRunlevel())?.runlevel;
    const runlevel = found === "N" ? undefined : found;
    if (runlevel === undefined) this.#complain("could not determine current runlevel");
    if (runlevel === undefined || !goesDown(runlevel)) return runlevel;
    const line = "-".repeat(53), { name, action } = this.#call;
    this.#complain(
      `${line}\nWARNING: 'invoke-rc.d ${name} ${action}' called\nduring shutdown sequence.\n` +
        `enabling safe mode: initscript policy layer disabled\n${line}`,
    );
    this.#isForced = true;
    return runlevel;
  }

  /** The exit status where the script is not there, or is not to be run; undefined otherwise. */
  #problemOf(isMissing: boolean, runlevel: string | undefined): number | undefined {
    const { name } = this.#call;
    if (!isMissing && mayRun(this.#script!)) return undefined;
    if (isMissing) this.#complain(`unknown initscript, /etc/init.d/${name} not found.`);
    const dangling = isMissing ? this.#links(runlevel)[0] : undefined;
    if (dangling !== undefined) this.#complain(`dangling symlink: ${dangling}`);
    if (dangling !== undefined || this.#isForced) return POLICY.subsystemError;
    return this.#deny();
  }

  /** The links by which the script starts in a runlevel, or at boot. */
  #links(runlevel: string | undefined): string[] {
    const name = this.#script?.name;
    if (name === undefined || runlevel === undefined) return [];
    return [runlevel, "S"].filter((level) => /^[\dS]$/.test(level)).flatMap((level) => {
      const directory = `/etc/rc${level}.d`;
      const names = ifAllowed(() => readdirSync(directory)) ?? [];
      return names.filter((link) => /^S\d\d/.test(link) && link.slice(3) === name)
        .map((link) => `${directory}/${link}`);
    });
  }

  /** The exit status for an action that is not allowed. */
  #deny(): number {
    const { action, options } = this.#call;
    if (options.has("query")) return POLICY.denied;
    if (options.has("disclose-deny")) {
      this.#complain(`initscript action "${action}" not executed.`);
      return POLICY.denied;
    }
    if (action !== "status") return 0;
    this.#complain('emulating initscript action "status", returning "unknown"');
    return 4;
  }

  #decide(runlevel: string | undefined, isJob: boolean): Decision {
    const { action, name, options } = this.#call;
    const isStart = STARTS.includes(action);
    const isOut = isStart && !isJob && this.#links(runlevel).length === 0;
    const isSafeMode = runlevel !== undefined && goesDown(runlevel);
    if (!isSafeMode && hasPolicy()) {
      const asked = isOut ? `(${action})` : action;
      const question = { name, action: asked, runlevel: runlevel ?? "unknown", isQuiet: this.#isQuiet };
      return this.#obey(askPolicy(question)!);
    }
    if (!isFile("/sbin/init")) return this.#decideWithoutInit();
    if (options.has("query")) {
      if (isOut && !this.#isForced) return { exit: POLICY.denied };
      return { exit: isStart && !isSafeMode ? POLICY.allowed : POLICY.uncertain };
    }
    return isOut && !this.#isForced ? { exit: this.#deny() } : [action];
  }

  /** Nothing is started where there is neither an init nor a policy: in what an installer unpacks, say. */
  #decideWithoutInit(): Decision {
    const what = "WARNING: No init system and policy-rc.d missing";
    if (!this.#isForced) {
      this.#complain(`${what}! Defaulting to block.`);
      return { exit: this.#deny() };
    }
    this.#complain(`${what}, but force specified so proceeding.`);
    return this.#call.options.has("query") ? { exit: POLICY.uncertain } : [this.#call.action];
  }

  #obey({ status, fallback, warning }: Verdict): Decision {
    const { action, options } = this.#call;
    if (warning !== undefined) this.#complain(warning);
    const isDenied = status === POLICY.denied;
    if (isDenied && this.#isForced) this.#complain(`Overriding policy-rc.d denied execution of ${action}.`);
    else if (isDenied) this.#complain(`policy-rc.d denied execution of ${action}.`);
    if (options.has("query")) return { exit: status };
    switch (status) {
      case POLICY.denied:
        return this.#isForced ? [action] : { exit: this.#deny() };
      case POLICY.allowed:
        return [action];
      case POLICY.uncertain:
        this.#complain(
          `policy-rc.d query returned "behaviour undefined",\nassuming "${action}" is allowed.`,
        );
        return [action];
      case POLICY.fallback:
        return this.#fallBack(fallback);
      default:
        this.#complain(`policy-rc.d returned error status ${status}`);
        return this.#isForced ? [action] : { exit: this.#failWith(status) };
    }
  }

  /** The exit status where the policy has failed. */
  #failWith(status: number): number {
    const { action, options } = this.#call;
    if (!options.has("try-anyway")) return status;
    this.#complain(`initscript action "${action}" not executed.`);
    return POLICY.subsystemError;
  }

  #fallBack(actions: string[]): Decision {
    const { action, options } = this.#call;
    if (this.#isForced || options.has("no-fallback")) {
      this.#complain(`ignoring policy-rc.d fallback request: ${actions.join(", ")}.`);
      return this.#isForced ? [action] : { exit: this.#deny() };
    }
    const what = actions.length === 1 ? `action "${actions[0]}"` : `actions "${actions.join(", ")}"`;
    this.#complain(`executing ${what} instead due to policy-rc.d request.`);
    if (actions.length > 0) return actions;
    this.#complain(`initscript ${this.#call.name}, action "" failed.`);
    return { exit: POLICY.subsystemError };
  }

  /** Tries actions until one succeeds. Returns the exit status of the last one. */
  async #carryOut(actions: string[]): Promise<number> {
    let status = 0;
    for (const [index, action] of actions.entries()) {
      if (actions.length > 1) this.#complain(`executing initscript action "${action}"...`);
      status = await this.#act(action);
      if (status === 0) return 0;
      this.#complain(
        index + 1 < actions.length
          ? `action "${action}" failed, trying next action...`
          : `initscript ${this.#call.name}, action "${action}" failed.`,
      );
    }
    return status;
  }

  async #act(action: string): Promise<number> {
    const { name, more } = this.#call;
    const exit = await throughInit({ name: this.#script?.name ?? name, action, more });
    if (exit !== undefined) return exit;
    if (!this.#script) return POLICY.unknownScript;
    const environment = Object.entries(process.env).map(([key, value]) => `${key}=${value}`);
    const { status, problem } = runScript([this.#script.path, action, ...more], environment);
    if (problem !== undefined) this.#complain(`Unable to run ${problem}`);
    return status;
  }
}
