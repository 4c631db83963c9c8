/** Plays a scenario's steps to a real init and compares what is observed with what was recorded. */

import { type Outcome, TimeoutError } from "../support/command.ts";
import { pause, until } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { programs } from "../support/programs.ts";
import { untilStill } from "../support/threads.ts";
import { describeDifference } from "./difference.ts";
import type { Observation, Scenario, Step } from "./scenario.ts";

const DEFAULT_TIMEOUT = 60_000;

/** A scenario being played: its init and the folder of the programs under test. */
interface Stage {
  init: RunningInit;
  programs: string;
}

/** Plays a scenario with the programs of a folder; gives a text for each difference, none when all is equal. */
export async function play(scenario: Scenario, folder = programs()): Promise<string[]> {
  const { observations, messages } = await observe(scenario, folder);
  const differences = scenario.steps.flatMap((step, index) =>
    compare(step, scenario.expect[index] ?? null, observations[index] ?? null)
      .map((difference) => `step ${index + 1} ${JSON.stringify(step).slice(0, 110)}: ${difference}`)
  );
  if (differences.length > 0 && messages !== "") differences.push(`init said:\n${messages}`);
  return differences;
}

/** Does a scenario's steps to a new init; gives what each observed, and what init itself wrote. */
export async function observe(
  scenario: Scenario,
  folder = programs(),
): Promise<{ observations: Observation[]; messages: string }> {
  await using init = await RunningInit.start({
    jobs: scenario.jobs ?? {},
    arguments: scenario.init_args ?? [],
    environment: scenario.env ?? {},
    startupEvent: scenario.startup_event ?? false,
    programs: folder,
  });
  const observations: Observation[] = [];
  for (const step of scenario.steps) observations.push(await perform({ init, programs: folder }, step));
  return { observations, messages: init.messages() };
}

/** Does one step. */
async function perform(stage: Stage, step: Step): Promise<Observation> {
  const { init } = stage;
  const timeout = step.timeout ?? DEFAULT_TIMEOUT;
  if ("initctl" in step) return await command(stage, step, init.run(["initctl", ...step.initctl], timeout));
  if ("run" in step) return await command(stage, step, init.run(step.run, timeout));
  if ("sh" in step) return await command(stage, step, init.shell(step.sh, timeout));
  if ("until" in step) return await untilPrinted(stage, step.until, step.stdout, timeout);
  if ("until_lines" in step) return await untilLines(init, step.file, step.until_lines, timeout);
  if ("file" in step) return textOf(stage, step, step.file);
  if ("log" in step) return textOf(stage, step, `log/${step.log}`);
  if ("init_exit" in step) {
    return await init.ended(timeout).then((exit) => ({ exit }), () => ({ timeout: true }));
  }
  if ("settle" in step) await settled(stage, step.settle);
  else if ("write" in step) init.write(step.write, step.text);
  else if ("remove" in step) init.remove(step.remove);
  else if ("signal_init" in step) init.signal(`SIG${step.signal_init}` as NodeJS.Signals);
  else throw new Error(`Cannot do ${JSON.stringify(step)}: there is no step of that kind`);
  return null;
}

/** Lets time pass, and then as much more as the machine takes until all that is going on has come to rest. */
async function settled({ init }: Stage, time: number): Promise<void> {
  await pause(time);
  await untilStill(() => [init.pid, ...init.leftovers()]);
}

/** What a command printed, as scenarios record it. */
async function command(stage: Stage, step: Step, outcome: Promise<Outcome>): Promise<Observation> {
  try {
    const { exit, stdout, stderr } = await outcome;
    return { exit, stdout: arrange(step, normalise(stage, stdout)), stderr: normalise(stage, stderr) };
  } catch (error) {
    if (error instanceof TimeoutError) return { timeout: true };
    throw error;
  }
}

/** Repeats an initctl command until it prints a text. */
async function untilPrinted(
  stage: Stage,
  words: string[],
  stdout: string,
  timeout: number,
): Promise<Observation> {
  const { init } = stage;
  let last: Observation = null;
  const matches = async () => {
    last = await command(stage, { initctl: words }, init.run(["initctl", ...words], timeout));
    return last?.["stdout"] === stdout;
  };
  return await until("", matches, timeout).then(() => ({ reached: true }), () => ({ reached: false, last }));
}

/** Waits until a file has as many lines. */
async function untilLines(
  init: RunningInit,
  file: string,
  count: number,
  timeout: number,
): Promise<Observation> {
  const lines = () => (init.read(file) ?? "").split("\n").length - 1;
  return await until("", () => lines() >= count, timeout)
    .then(() => ({ reached: true }), () => ({ reached: false, last: lines() }));
}

/** A file's text as scenarios record it. */
function textOf(stage: Stage, step: Step, name: string): Observation {
  const text = stage.init.read(name);
  return text === undefined ? { missing: true } : { text: arrange(step, normalise(stage, text)) };
}

/** Puts `@DIR@`, `@BIN@`, `PID` and `UID` in place of what differs from run to run. */
function normalise(stage: Stage, text: string): string {
  return text
    .replaceAll(stage.init.directory, "@DIR@")
    .replaceAll(stage.programs, "@BIN@")
    .replaceAll(/upstart-session\/\d+\/\d+/g, "upstart-session/UID/PID")
    .replaceAll(/\b(process|pid) \d+/g, "$1 PID");
}

function arrange(step: Step, text: string): string {
  return step.sort ? (text.match(/[^\n]*\n|[^\n]+$/g) ?? []).sort(byCodePoint).join("") : text;
}

function byCodePoint(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The differences between what was recorded and what was observed, a text for each part of the observation. */
function compare(step: Step, recorded: Observation, observed: Observation): string[] {
  if (recorded === null) return [];
  const parts = new Set([...Object.keys(recorded), ...Object.keys(observed ?? {})]);
  for (const part of step.ignore ?? []) parts.delete(part);
  return [...parts].sort().flatMap((part) => {
    const difference = describeDifference(recorded[part], observed?.[part]);
    return difference === undefined ? [] : [`${part}: ${difference}`];
  });
}
