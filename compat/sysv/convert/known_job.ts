/** A job that runs the daemon of a script itself: the script's preparations, variables and options as fields of the job. */

import { signalNumber } from "../../../lib/model/signals.ts";
import { fieldsOf, valueOfWord, variablesIn } from "../shell/values.ts";
import { assignedName, simpleCommands } from "../shell/parser.ts";
import type { ConvertedScript } from "./converted_script.ts";
import type { InitScript } from "./flow.ts";
import { type KnownShape, type KnownStep, neededSteps, UnknownShape } from "./known_shape.ts";
import { namesSetBy, textOfStep } from "./statements.ts";

/** So many lines of the script become comments at most. */
const MOST_COMMENTS = 60;

/** Options that say nothing to a job, which knows its processes. */
const MEANINGLESS = [
  "start",
  "exec",
  "startas",
  "pidfile",
  "name",
  "user",
  "oknodo",
  "quiet",
  "verbose",
  "background",
  "make-pidfile",
  "remove-pidfile",
  "no-close",
  "notify-timeout",
];

/** Seconds that a job waits where its script waits for ever. */
const LONGEST_STOP = 300;

/** Options that are fields. */
const FIELDS = ["chuid", "group", "nicelevel", "umask", "chdir", "chroot"];

/** Users that a job is run as unless told otherwise. */
const ROOT = /^(?:root|0)(?::(?:root|0))?$/;

/** Makes a definition of a shape. */
export class KnownJob {
  readonly #kept = new Set<KnownStep>();
  readonly #goesOn: boolean;

  constructor(
    private readonly script: InitScript,
    private readonly shape: KnownShape,
    private readonly converted: ConvertedScript,
  ) {
    const commands = simpleCommands(script.prologue);
    this.#goesOn = !commands.some(({ words: [name, option = ""] }) =>
      name === "set" && /^-\w*e/.test(option)
    );
  }

  /** @throws {UnknownShape} where the shape turns out not to be known, and then changes nothing. */
  apply(): void {
    const { shape, converted } = this;
    const { definition, comments } = converted;
    const prepared = shape.before.filter(({ purpose }) => purpose === "preparation");
    const fields = this.#fields();
    const { program, account } = this.#program(prepared.length > 0);
    const main = this.#main(program);
    const stop = "expect" in fields ? this.#stop("pidFile" in fields) : undefined;
    const preparation = prepared.length > 0 ? this.#preparation(prepared) : undefined;
    Object.assign(definition, fields, account, this.#ends());
    if (preparation !== undefined) definition.processes["pre-start"] = preparation;
    definition.processes.main = main;
    if (stop !== undefined) definition.processes["pre-stop"] = stop;
    comments.head.push(` Made of ${definition.source}, whose place it takes.`);
    this.#tellPidFile();
    this.#tellRest();
  }

  #option(name: string): string | undefined {
    return this.shape.starter.options.get(name);
  }

  /** @throws {UnknownShape} where the value of an option is not known. */
  #known(name: string): string | undefined {
    const word = this.#option(name);
    if (word === undefined) return undefined;
    const value = valueOfWord(word, this.shape.lookup);
    if (value === undefined) throw new UnknownShape(`what --${name} is given is made by code`);
    return value;
  }

  /** The words that run the daemon, and the user that the job runs as. */
  #program(isPrepared: boolean): { program: string[]; account?: { setuid: string; setgid?: string } } {
    const { options, words } = this.shape.starter;
    const named = options.get("startas") ?? options.get("exec");
    const program = named === undefined ? words : [named, ...words];
    if (program.length === 0) throw new UnknownShape("it does not say what is started");
    const account = this.#known("chuid");
    if (account === undefined || ROOT.test(account)) return { program };
    if (isPrepared) {
      // The user of a job is that of all of its processes, and what prepares the daemon needs root.
      const same = ["exec", "startas", "pidfile", "name"].flatMap((name) => {
        const value = options.get(name);
        return value === undefined ? [] : [`--${name}`, value];
      });
      return { program: ["start-stop-daemon", "--start", "--chuid", account, ...same, "--", ...words] };
    }
    const [setuid = "", setgid] = account.split(":");
    return { program, account: { setuid, ...setgid && { setgid } } };
  }

  /** The options that are fields of a job. */
  #fields(): Record<string, string | number> {
    const found: Record<string, string | number> = {};
    const [group, nice, umask] = ["group", "nicelevel", "umask"].map((name) => this.#known(name));
    if (group !== undefined) found["setgid"] = group;
    if (nice !== undefined && Number.isInteger(Number(nice))) found["nice"] = Number(nice);
    if (umask !== undefined && /^[0-7]+$/.test(umask)) found["umask"] = parseInt(umask, 8);
    for (const name of ["chdir", "chroot"]) {
      const path = this.#known(name);
      if (path !== undefined) found[name] = path;
    }
    if (this.#option("background") !== undefined) return found;
    const word = this.#option("pidfile");
    const pidFile = word === undefined ? undefined : valueOfWord(word, this.shape.lookup);
    // It ends once its daemon is in the background, which the pid file names, if it does.
    return { ...found, expect: "script", ...pidFile?.startsWith("/") && { pidFile } };
  }

  /** What the job runs: words where they are fixed, else a script with all that they need. */
  #main(program: readonly string[]) {
    const { lookup } = this.shape;
    const isInherited = (step: KnownStep) => step.purpose === "surroundings" && !isAboutPath(step);
    const steps = neededSteps(this.shape, this.script, program, isInherited);
    const fields = program.map((word) => fieldsOf(word, lookup));
    const words = fields.flatMap((field) => field ?? []);
    const isFixed = steps.every(({ purpose }) => purpose === "variables") &&
      fields.every((field) => field !== undefined) && !words.some((word) => word.includes("$"));
    if (isFixed) return { kind: "arguments" as const, words };
    return this.#shell([...steps.map((step) => this.#textOf(step)), `exec ${program.join(" ")}`], steps);
  }

  #preparation(prepared: readonly KnownStep[]) {
    const words = prepared.map((step) => this.#textOf(step));
    const steps = neededSteps(this.shape, this.script, words, (step) => prepared.includes(step));
    return this.#shell([...steps.map((step) => this.#textOf(step)), ...this.#goesOn ? ["true"] : []], steps);
  }

  /**
   * The script's own stop of a daemon in the background. There are daemons of which init cannot know that they are the
   * job's: those that write over their environment and their pid file's directory.
   */
  #stop(isNamed: boolean) {
    const { shape: { stopWords, before }, script } = this;
    if (!/(?:^|\/)start-stop-daemon$/.test(stopWords[0] ?? "")) {
      if (isNamed) return undefined;
      throw new UnknownShape("nothing tells which process its daemon is");
    }
    const steps = neededSteps(this.shape, script, stopWords, () => false);
    const isConfigured = steps.some(({ purpose }) => purpose === "configuration");
    const known = new Set(before.flatMap(namesSetBy));
    const unknown = isConfigured
      ? undefined
      : variablesIn(stopWords.join(" ")).find((name) => !known.has(name));
    if (unknown !== undefined) {
      if (isNamed) return undefined;
      throw new UnknownShape(`its stop depends on ${unknown}, which only the stop sets`);
    }
    const lines = [...steps.map((step) => this.#textOf(step)), stopWords.join(" ")];
    return this.#shell(lines, steps);
  }

  /** A script goes on after what fails, unless it says otherwise; one of a job does not. */
  #shell(lines: readonly string[], steps: readonly KnownStep[]) {
    for (const step of steps) this.#kept.add(step);
    const isSafe = !this.#goesOn || steps.length === 0;
    return { kind: "script" as const, text: `${[...isSafe ? [] : ["set +e"], ...lines].join("\n")}\n` };
  }

  /**
   * The text of a step, in which `$0` is the script's.
   * @throws {UnknownShape} where it needs that in a way that is not known.
   */
  #textOf(step: KnownStep): string {
    const text = step.text ?? textOfStep(step, this.script.text);
    if (!variablesIn(text).includes("0")) return text;
    const [command] = step.commands, [word = ""] = command?.kind === "simple" ? command.words : [];
    const name = assignedName(word), value = name === undefined ? undefined : this.shape.lookup(name);
    if (typeof value !== "string" || step.commands.length > 1) {
      throw new UnknownShape("it asks for its own name");
    }
    return `${name}='${value.replaceAll("'", String.raw`'\''`)}'`;
  }

  /** How the daemon is told to end, and to read its configuration. */
  #ends(): Record<string, number> {
    const { stopper, reloader, lookup } = this.shape;
    const value = (name: string) => valueOfWord(stopper?.options.get(name) ?? "", lookup) ?? "";
    const [first = "", second = ""] = value("retry").replace(/^forever\//, "").split("/");
    const isForever = value("retry").startsWith("forever/");
    const isSchedule = /\D/.test(first);
    const signal = signalOf(isSchedule ? first.replace(/^-/, "") : value("signal"));
    const seconds = isForever ? LONGEST_STOP : Number(isSchedule ? second : first);
    const reload = signalOf(valueOfWord(reloader?.options.get("signal") ?? "", lookup) ?? "");
    return {
      ...signal !== undefined && { killSignal: signal },
      ...seconds > 0 && { killTimeout: seconds },
      ...reload !== undefined && { reloadSignal: reload },
    };
  }

  /** A pid file that start-stop-daemon made is nobody's now: init knows the process. Others may read it. */
  #tellPidFile(): void {
    if (this.#option("make-pidfile") === undefined) return;
    const word = this.#option("pidfile") ?? "";
    const path = valueOfWord(word, this.shape.lookup) ?? word;
    this.converted.comments.foot.push(
      ` The script has its pid written to ${path}; the job does not. Where another program`,
      " reads that file, let a postStart write it, or that program ask `initctl status`.",
      "",
    );
  }

  /** What the script does besides becomes comments at the end of the job. */
  #tellRest(): void {
    const { shape, script, converted: { comments, lost } } = this;
    for (const [name, value] of shape.starter.options) {
      if (!MEANINGLESS.includes(name) && !FIELDS.includes(name)) {
        lost.push(`start-stop-daemon's --${name} ${value}`.trim());
      }
    }
    const rest = [
      ...shape.before.filter((step) => step.purpose === "own" && !this.#kept.has(step)),
      ...shape.besides.filter((step) => step.purpose === "own" || step.purpose === "surroundings"),
    ];
    if (rest.length === 0) return;
    rest.sort((one, other) => one.from - other.from);
    const numbers = rest.map(({ from }) => script.text.slice(0, from).split("\n").length);
    const lines = rest.flatMap((step, index) =>
      textOfStep(step, script.text).split("\n").map((line, offset) =>
        ` ${String(numbers[index]! + offset).padStart(4)}  ${line}`.trimEnd()
      )
    );
    const more = lines.length > MOST_COMMENTS ? [` and ${lines.length - MOST_COMMENTS} lines more`] : [];
    comments.foot.push(
      " What the script does besides, with its lines:",
      ...lines.slice(0, MOST_COMMENTS),
      ...more,
    );
    const places = [...new Set(numbers)];
    lost.push(`what it does in line ${places.join(", ")} is a comment of the job`);
  }
}

/** True for a step that is about PATH, which init sets. */
function isAboutPath(step: KnownStep): boolean {
  const words = simpleCommands([{ ...step, isBackground: false }]).flatMap((command) => command.words);
  return words.every((word) => word === "export" || /^PATH(?:=|$)/.test(word));
}

function signalOf(name: string): number | undefined {
  return /^\d+$/.test(name) ? Number(name) : name === "" ? undefined : signalNumber(name);
}
