/** docs/state-machine.md: its table and its drawing are the engine's, and its examples are run on the simulator. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Behaviour, bench, conf, type Duration, type JobBench, type RequestReply } from "rouse/testing";
import { type State, type StateRow, STATES } from "../lib/engine/states.ts";
import type { InstanceProcess } from "../lib/model/job.ts";

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../docs/state-machine.md"), "utf8");

/** The cells of the table below a heading, without the row of dashes. */
function table(heading: string): string[][] {
  const section = GUIDE.slice(GUIDE.indexOf(`\n${heading}\n`) + 1);
  const end = section.indexOf("\n## ", 1);
  const rows = section.slice(0, end).split("\n").filter((line) => line.startsWith("|"));
  return rows.map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()))
    .filter(([first]) => !/^-+$/.test(first!));
}

/** What the code of the engine does on entry and waits for, beyond the table of states. */
const ENTRY: Partial<Record<State, string>> = { "killed": "sends main the kill signal" };
const WAITS: Partial<Record<State, string>> = {
  "waiting": "the goal is `start`",
  "running": "the goal is `stop`",
  "spawned": "`main` is ready",
};

/** The row of a state as the guide has it. */
function rowOf(state: State): string[] {
  const { start, stop, respawn, event, waitsForEvent, spawns, awaits }: StateRow = STATES[state];
  const onEntry = event ? `emits \`${event}\`` : spawns ? `spawns \`${spawns}\`` : ENTRY[state] ?? "";
  let waits = awaits ? `\`${awaits}\` has ended` : "";
  if (waitsForEvent) waits = `\`${event}\` is finished`;
  if (spawns) waits = `\`${spawns}\` is spawned`;
  const code = (name: string | undefined) => name === undefined ? "" : `\`${name}\``;
  return [code(state), onEntry, WAITS[state] ?? waits, code(start), code(stop), code(respawn)];
}

const STATE_NAMES = Object.keys(STATES) as State[];

Deno.test("the guide's table of states is that of the engine", () => {
  const [, ...rows] = table("## The table");
  assert.deepEqual(rows, STATE_NAMES.map(rowOf));
});

Deno.test("the guide's drawing has each state once, and the way up in its order", () => {
  const drawing = /^```text\n([^]*?)^```$/m.exec(GUIDE)![1]!;
  const words = Array.from(drawing.matchAll(/[a-z]+(?:-[a-z]+)*/g), ([word]) => word);
  for (const state of STATE_NAMES) {
    assert.equal(words.filter((word) => word === state).length, 1, state);
  }
  const left = drawing.split("\n").flatMap((line) => /^([a-z-]+)/.exec(line)?.[1] ?? []);
  const up: State[] = [];
  for (let state: State = "waiting"; state !== "stopping"; state = STATES[state].start) up.push(state);
  assert.deepEqual(left, up);
});

/** What happens in the guide's examples, as `# web main ends with status 1`. */
const HAPPENINGS: Array<[RegExp, (jobs: JobBench, ...words: string[]) => RequestReply | void]> = [
  [/^(\S+) (\S+) ends with status (\d+)$/, (jobs, job, process, status) => {
    jobs.exit(job!, { status: Number(status) }, { process: process as InstanceProcess });
  }],
  [/^(\S+) (\S+) takes (\S+)$/, (jobs, job, process, after) => {
    jobs.behave(job!, process as InstanceProcess, { status: 0, after: after as Duration });
  }],
  [/^(\S+) (\S+) is (stubborn)$/, (jobs, job, process, behaviour) => {
    jobs.behave(job!, process as InstanceProcess, behaviour as Behaviour);
  }],
  [/^(\S+) main forks$/, (jobs, job) => void jobs.fork(job!)],
  [/^(\S+) asks for (start|stop|restart)$/, (jobs, job, kind) => void jobs.fromWithin(kind as "start", job!)],
  [/^(\S+) go by$/, (jobs, time) => jobs.advance(time as Duration)],
  [/^init shuts down$/, (jobs) => jobs.stopAll(true)],
];

const COMMANDS: Record<string, (jobs: JobBench, name: string) => RequestReply> = {
  start: (jobs, job) => jobs.start(job),
  stop: (jobs, job) => jobs.stop(job),
  restart: (jobs, job) => jobs.restart(job),
  emit: (jobs, event) => jobs.emit(event),
};

/** Does what one line of an example says: a command behind `$`, or something that happens behind `#`. */
function perform(jobs: JobBench, line: string): RequestReply | void {
  const text = line.slice(2);
  if (line.startsWith("$")) {
    const [command = "", name = ""] = text.split(" ");
    return COMMANDS[command]!(jobs, name);
  }
  for (const [pattern, happen] of HAPPENINGS) {
    const found = pattern.exec(text);
    if (found) return happen(jobs, ...found.slice(1));
  }
  throw new Error(`The guide's example says ${line}`);
}

/** The lines of a trace with states that follow each other at once in one line: `web -> starting -> …`. */
function compact(trace: readonly string[]): string[] {
  const lines: string[] = [];
  for (const line of trace) {
    const [, job, state] = /^(.*) -> (.*)$/.exec(line) ?? [];
    if (state !== undefined && lines.at(-1)?.startsWith(`${job} -> `)) {
      lines.push(`${lines.pop()} -> ${state}`);
    } else lines.push(line);
  }
  return lines;
}

/** An example as it really goes: each line that does something, what happens, and the answers. */
function run(definitions: Record<string, string>, actions: string[]): string {
  const jobs = bench(
    Object.fromEntries(Object.entries(definitions).map(([name, text]) => [name, conf(text)])),
  );
  const waiting = new Map<string, RequestReply>();
  return actions.map((action) => {
    const [, job] = /^# (\S+) runs$/.exec(action) ?? [];
    if (job !== undefined) {
      jobs.start(job);
      assert.equal(jobs.state(job), "start/running");
      return `${action}\n`;
    }
    const { length } = jobs.trace;
    const reply = perform(jobs, action);
    if (reply) waiting.set(action.slice(2), reply);
    const lines = [action, ...compact(jobs.trace.slice(length))];
    for (const [request, { outcome }] of waiting) {
      if (outcome === undefined) continue;
      lines.push(`answer to ${request}: ${outcome}`);
      waiting.delete(request);
    }
    return lines.join("\n") + "\n";
  }).join("");
}

/** The guide's examples: the classic jobs before a trace, and the trace. */
const EXAMPLES = GUIDE.split(/^```trace\n/m).slice(0, -1).map((before, index, parts) => {
  const jobs = (index === 0 ? before : before.slice(before.indexOf("\n```\n")))
    .matchAll(/^```conf (\S+)\.conf\n([^]*?)^```$/gm);
  const start = parts.slice(0, index + 1).join("```trace\n").length + "```trace\n".length;
  const trace = GUIDE.slice(start, GUIDE.indexOf("```\n", start));
  return { jobs: Object.fromEntries(Array.from(jobs, ([, name, text]) => [name!, text!])), trace };
});

Deno.test("the guide has examples", () => assert(EXAMPLES.length > 8));

for (const [index, { jobs, trace }] of EXAMPLES.entries()) {
  const actions = trace.split("\n").filter((line) => /^[$#] /.test(line));
  Deno.test(`the guide's example ${index + 1}: ${actions.join(", ")}`, () => {
    assert.equal(run(jobs, actions), trace);
  });
}
