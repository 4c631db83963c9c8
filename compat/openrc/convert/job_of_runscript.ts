/** A runscript as a job: of the declarative kind, one that runs the daemon itself; of any other, one that calls the script. */

import { type Comments, noComments } from "../../../lib/formats/comments.ts";
import type { JobCondition } from "../../../lib/model/condition.ts";
import { emptyJob, type JobDefinition } from "../../../lib/model/job.ts";
import { SYSV_PATH } from "../../../lib/model/sysv/search_path.ts";
import { isJobName } from "../../../lib/model/validate.ts";
import { isYes } from "../messages.ts";
import { plainDepend } from "../plain_depend.ts";
import type { Settings } from "../rc_conf.ts";
import type { DependKind } from "../relations.ts";
import { daemonOptions } from "./daemon_options.ts";
import { Declarations, OtherKind } from "./declarations.ts";
import { applyVariables } from "./variables.ts";

/** A script to convert, and what the machine says of it. */
interface RunscriptFile {
  /** Where it is called by those who run it. */
  path: string;
  /** The service's name, and the job's. */
  name: string;
  text: string;
  /** The runlevels that it is in. */
  levels: readonly string[];
  /** What its files of `conf.d` say. */
  settings: Settings;
}

/** A job that a script has become. */
interface ConvertedRunscript {
  definition: JobDefinition;
  comments: Comments;
  /** What the job does not do as the script does: a sentence each. */
  lost: string[];
}

/** How long what a called script has left behind may go on after its stop, in seconds. */
const KILL_TIMEOUT = 10;

/** The fields that the words of depend() become. */
const DEPENDENCIES: Partial<
  Record<DependKind, "needs" | "uses" | "wants" | "after" | "before" | "provides">
> = {
  ineed: "needs",
  iuse: "uses",
  iwant: "wants",
  iafter: "after",
  ibefore: "before",
  iprovide: "provides",
};

/** True for the text of a script that names OpenRC's interpreter. */
export function isRunscript(text: string): boolean {
  return /^#![ \t]*\/\S*\/(?:openrc-run|runscript)\s/.test(text);
}

/** Converts a script. Nothing of it is run. */
export function jobOfRunscript(file: RunscriptFile): ConvertedRunscript {
  const definition = emptyJob(file.name, file.path);
  const converted: ConvertedRunscript = { definition, comments: noComments(), lost: [] };
  applyLevels(converted, file.levels);
  applyDepend(converted, file);
  try {
    runDaemon(converted, file);
  } catch (error) {
    if (!(error instanceof OtherKind)) throw error;
    callScript(converted, file.path, error.message);
  }
  return converted;
}

function applyLevels({ definition, lost }: ConvertedRunscript, levels: readonly string[]): void {
  if (levels.length === 0) lost.push("the script is in no runlevel, so nothing says when the job starts");
  else if (levels.includes("boot") || levels.includes("sysinit")) {
    definition.startOn = { kind: "event", name: "startup", matches: [] };
  } else {
    definition.startOn = runlevel("[2345]");
    definition.stopOn = runlevel("[016]");
  }
}

function runlevel(value: string): JobCondition {
  return { kind: "event", name: "runlevel", matches: [{ value }] };
}

function applyDepend({ definition, lost }: ConvertedRunscript, { name, text }: RunscriptFile): void {
  const lines = plainDepend(text, name, ["*"]);
  if (!lines) {
    lost.push("what it depends on is said by code, and left out");
    return;
  }
  for (const { kind, words } of lines) {
    const field = DEPENDENCIES[kind];
    if (kind === "keyword") tellKeywords(words, definition, lost);
    if (field === undefined) continue;
    for (const word of words) {
      if (word.startsWith("!")) {
        definition[field] = definition[field].filter((other) => other !== word.slice(1));
      } else if (!isJobName(word) && word !== "*") lost.push(`${field} ${word}: it is no name of a job`);
      else if (word !== name && !definition[field].includes(word)) definition[field].push(word);
    }
  }
}

function tellKeywords(words: readonly string[], definition: JobDefinition, lost: string[]): void {
  for (const word of words) {
    if (["-stop", "nostop", "-shutdown", "noshutdown"].includes(word)) {
      delete definition.stopOn;
      lost.push(`keyword ${word}: init stops the job when the machine goes down`);
    }
  }
}

/** @throws {OtherKind} for a script of another kind, and then changes nothing. */
function runDaemon(converted: ConvertedRunscript, file: RunscriptFile): void {
  const { name, path, text, settings } = file;
  const { definition, comments, lost } = converted;
  const given = { RC_SVCNAME: name, SVCNAME: name, RC_SERVICE: path };
  const declared = new Declarations(text, settings, given);
  if (declared.value("command") === "") throw new OtherKind("it does not say what is started");
  const isSupervised = declared.value("supervisor") === "supervise-daemon";
  const options = daemonOptions(
    isSupervised && declared.value("supervise_daemon_args") || declared.value("start_stop_daemon_args"),
  );
  const isInForeground = isSupervised || options.isInBackground ||
    isYes(declared.value("command_background"));
  const pidFile = declared.value("pidfile");
  if (!isInForeground && !pidFile.startsWith("/")) {
    throw new OtherKind("nothing tells which process its daemon is, for it has no pidfile");
  }
  const fields = applyVariables(declared, isSupervised);
  Object.assign(
    definition,
    fields.fields,
    options.fields,
    isInForeground ? {} : { expect: "script", pidFile },
  );
  lost.push(...fields.lost, ...options.lost.map((option) => `the daemon's ${option} is left out`));
  const further = isSupervised
    ? ["command_args_foreground"]
    : isInForeground
    ? []
    : ["command_args_background"];
  definition.processes.main = mainOf(declared, ["command", "command_args", ...further], definition);
  comments.head.push(` Made of ${path}, whose place it takes.`);
  if (!isInForeground || pidFile === "" || isSupervised) return;
  comments.foot.push(
    ` The script has its pid written to ${pidFile}; the job does not. Where another program`,
    " reads that file, let a postStart write it, or that program ask `initctl status`.",
    "",
  );
}

/** What the job runs: words where they are fixed, else a script that reads what `conf.d` says then. */
function mainOf(declared: Declarations, names: readonly string[], { name, provides }: JobDefinition) {
  const used = names.filter((one) => declared.value(one) !== "" || declared.linesFor([one]).length > 0);
  const text = used.map((one) => declared.value(one)).join(" ").trim();
  if (!declared.isConfigured(names)) {
    if (/^[\w./:,+@%=\s-]+$/.test(text)) return { kind: "arguments" as const, words: text.split(/\s+/) };
    return { kind: "script" as const, text: `exec ${text.replaceAll("\n", " ")}\n` };
  }
  const multiplexed = name.includes(".") ? [name.slice(0, name.indexOf("."))] : [];
  const files = [...new Set([...provides, ...multiplexed, name])].map((one) => `/etc/conf.d/${one}`);
  const lines = [
    `RC_SVCNAME=${name} SVCNAME=${name}`,
    ...files.map((file) => `[ ! -r ${file} ] || . ${file}`),
    ...declared.linesFor(names),
    // Unquoted, lines of the variables are words.
    `eval exec ${names.map((one) => `$${one}`).join(" ")}`,
  ];
  return { kind: "script" as const, text: `${lines.join("\n")}\n` };
}

/** A script of another kind is called itself. Init sees to what it depends on. */
function callScript({ definition, comments, lost }: ConvertedRunscript, path: string, reason: string): void {
  const run = (action: string) => ({ kind: "arguments" as const, words: [path, "--nodeps", action] });
  comments.head.push(` ${path} is called, for it is not of the declarative kind:`, ` ${reason}.`);
  Object.assign(definition, {
    expect: "script",
    env: [`PATH=${SYSV_PATH}`],
    umask: 0o022,
    killTimeout: KILL_TIMEOUT,
    processes: { main: run("start"), "pre-stop": run("stop") },
  });
  lost.push(`not of the declarative kind, so the job calls the script: ${reason}`);
}
