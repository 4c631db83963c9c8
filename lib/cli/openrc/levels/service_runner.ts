/** Running the scripts of services while runlevels change: one after another, or side by side with the output kept whole. */

import { availableParallelism } from "node:os";
import type { Tree } from "../../../../compat/openrc/mod.ts";
import { scriptOf } from "../../../config/openrc/services.ts";
import { refusal } from "../../../config/openrc/untrusted.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { SharedOutput } from "../../shared_output.ts";
import type { OpenrcMessages, OutputSink } from "../messages.ts";
import { startChild } from "../run/children.ts";
import type { ScriptVariables } from "../run/environment.ts";
import { actHere } from "../run/openrc_run.ts";
import { PipedOutput } from "../run/piped_output.ts";
import { interpreterOf, serviceAt } from "../run/service.ts";

/** What a service is told. */
type LevelAction = "start" | "stop";

/** How many scripts of each processor run at a time. */
const PER_PROCESSOR = 4;

/** The old name of the interpreter. */
const OLD_NAME = "runscript";

/** Runs scripts. Those that this program interprets itself take no process beside that of the script. */
export class ServiceRunner {
  readonly #streams = new Map(
    ([1, 2] as const).map((stream) => [stream as number, new SharedOutput(stream)]),
  );

  /**
   * @param environment The environment of the scripts
   * @param tree What they depend on
   */
  constructor(
    private readonly environment: ScriptVariables,
    private readonly messages: OpenrcMessages,
    private readonly tree: Tree,
  ) {}

  /** Runs the script of a service to its end. It has the standard streams, unless a sink takes its output. */
  async run(service: string, action: LevelAction, sink?: OutputSink): Promise<void> {
    const script = scriptOf(service);
    if (script === undefined) return;
    const name = interpreterOf(script), own = name === undefined ? undefined : serviceAt(script);
    if (!own) return await this.#runForeign(service, script, action, sink);
    await actHere(own, {
      action,
      environment: this.environment,
      tree: this.tree,
      isOldName: name === OLD_NAME,
      ...sink && { sink },
    });
  }

  /**
   * Runs the scripts of services side by side. The output of each is kept until it ends, or it is its turn.
   * @param before For each service those that end before it begins. Where nothing can begin, the first one does
   * @param mayRun Asked before each; one that may not counts as ended
   */
  async runSideBySide(
    before: ReadonlyMap<string, ReadonlySet<string>>,
    action: LevelAction,
    mayRun: (service: string) => boolean,
  ): Promise<void> {
    const most = PER_PROCESSOR * availableParallelism();
    const waiting = new Set(before.keys()), running = new Map<string, Promise<void>>();
    const isFree = (service: string) =>
      [...before.get(service)!].every((other) => !waiting.has(other) && !running.has(other));
    while (waiting.size > 0 || running.size > 0) {
      const free = [...waiting].filter(isFree);
      const next = running.size === 0 && free.length === 0 ? [...waiting].slice(0, 1) : free;
      for (const service of next.slice(0, most - running.size)) {
        waiting.delete(service);
        if (!mayRun(service)) continue;
        running.set(service, this.#runApart(service, action).finally(() => running.delete(service)));
      }
      if (running.size > 0) await Promise.race(running.values());
    }
  }

  async #runApart(service: string, action: LevelAction): Promise<void> {
    await this.run(service, action, (stream, bytes) => this.#streams.get(stream)!.data(service, bytes));
    for (const stream of this.#streams.values()) stream.ended(service);
  }

  /** Runs a script by its own interpreter. */
  async #runForeign(service: string, script: string, action: LevelAction, sink?: OutputSink): Promise<void> {
    const problem = refusal(service, action, script);
    if (problem !== undefined) return this.messages.error(problem);
    const output = sink && new PipedOutput(sink);
    try {
      const { end } = startChild({
        argv: [script, action],
        environment: Object.entries(this.environment).flatMap(([name, value]) =>
          value === undefined ? [] : [`${name}=${value}`]
        ),
        descriptors: { 0: 0, 1: 1, 2: 2, ...output?.descriptors },
        chdir: "/",
      });
      output?.begin();
      await end;
    } catch (error) {
      this.messages.error(`${service}: Unable to run ${script}: ${errorReason(error)}`);
    }
    output?.end();
  }
}
