/** Running the scripts of services while runlevels change: one after another, or side by side with the output kept whole. */

import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { statSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Readable } from "node:stream";
import type { Tree } from "../../../../compat/openrc/mod.ts";
import { readHead } from "../../../config/files.ts";
import { scriptOf } from "../../../config/openrc/services.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { close, isTerminal, openPty } from "../../../sys/io/descriptors.ts";
import { readDescriptor } from "../../../sys/io/streams.ts";
import { copyTerminalSize } from "../../../sys/io/terminal.ts";
import { SharedOutput, TerminalText } from "../../shared_output.ts";
import type { Messages } from "../messages.ts";
import type { Variables } from "../run/environment.ts";
import { actHere } from "../run/openrc_run.ts";
import { serviceAt } from "../run/service.ts";

/** What a service is told. */
export type LevelAction = "start" | "stop";

/** How many scripts of each processor run at a time. */
const PER_PROCESSOR = 4;

/** The standard streams that are kept apart. */
const OUTPUT = 1, ERRORS = 2;

/** Runs scripts. */
export class ServiceRunner {
  readonly #running = new Set<ChildProcess>();
  readonly #turns = new Map(([OUTPUT, ERRORS] as const).map((stream) => [stream, new SharedOutput(stream)]));

  /** @param environment The environment of the scripts */
  constructor(private readonly environment: Variables, private readonly messages: Messages) {}

  /**
   * Runs the script of a service to its end. It has the standard streams. What this program interprets itself takes no
   * process beside that of the script.
   */
  async run(service: string, action: LevelAction, tree: Tree): Promise<void> {
    const script = scriptOf(service);
    const own = script !== undefined && isOwnScript(script) ? serviceAt(script) : undefined;
    if (own) await actHere(own, action, this.environment, tree);
    else await this.#end(service, action, "inherit");
  }

  /**
   * Runs the scripts of services side by side.
   * @param before For each service those that end before it begins. Where nothing can begin, the first one does
   * @param mayRun Asked before each; one that may not counts as ended
   */
  async runSideBySide(
    before: ReadonlyMap<string, ReadonlySet<string>>,
    action: LevelAction,
    mayRun: (service: string) => Promise<boolean> | boolean,
  ): Promise<void> {
    const most = PER_PROCESSOR * availableParallelism();
    const waiting = new Set(before.keys()), running = new Map<string, Promise<void>>();
    const isFree = (service: string) =>
      [...before.get(service)!].every((other) => !waiting.has(other) && !running.has(other));
    while (waiting.size > 0 || running.size > 0) {
      const free = [...waiting].filter(isFree);
      const first = running.size === 0 && free.length === 0 ? [...waiting].slice(0, 1) : free;
      for (const service of first.slice(0, most - running.size)) {
        waiting.delete(service);
        if (!await mayRun(service)) continue;
        running.set(service, this.#runApart(service, action).finally(() => running.delete(service)));
      }
      if (running.size > 0) await Promise.race(running.values());
    }
  }

  /** Ends all scripts that run. */
  stopAll(): void {
    for (const child of this.#running) child.kill("SIGTERM");
  }

  /** Runs a script whose output is kept until it ends, or it is its turn. */
  #runApart(service: string, action: LevelAction): Promise<void> {
    return isTerminal(OUTPUT) ? this.#runOnTerminal(service, action) : this.#runWithPipes(service, action);
  }

  async #runOnTerminal(service: string, action: LevelAction): Promise<void> {
    const output = this.#turns.get(OUTPUT)!, text = new TerminalText();
    const { master, slave } = openPty();
    copyTerminalSize(OUTPUT, slave);
    const reader = readDescriptor(master, {
      onData: (bytes) => output.data(service, text.add(bytes)),
      onEnd: () => {},
    });
    const end = this.#end(service, action, ["inherit", slave, slave]);
    close(slave);
    await end;
    reader.drain();
    reader.close();
    output.ended(service);
  }

  async #runWithPipes(service: string, action: LevelAction): Promise<void> {
    await this.#end(service, action, ["inherit", "pipe", "pipe"], (child) => {
      for (const [stream, turns] of this.#turns) {
        child.stdio[stream]!.on("data", (bytes: Uint8Array) => turns.data(service, bytes));
      }
    });
    for (const turns of this.#turns.values()) turns.ended(service);
  }

  /** Waits for the end of a script, and of what it says. A service whose script is gone is passed over. */
  async #end(
    service: string,
    action: LevelAction,
    stdio: StdioOptions,
    onBegin: (child: ChildProcess) => void = () => {},
  ): Promise<void> {
    const script = scriptOf(service);
    if (script === undefined) return;
    const failure = await new Promise<unknown>((resolve) => {
      const child = ifAllowed(() => spawn(script, [action], { env: this.environment, cwd: "/", stdio }));
      if (!child) return resolve(new Error("not executed"));
      this.#running.add(child);
      onBegin(child);
      child.on("error", resolve);
      child.on("exit", async () => {
        await Promise.all([child.stdout, child.stderr].map(emptied));
        resolve(undefined);
      });
      child.on("exit", () => this.#running.delete(child));
    });
    if (failure !== undefined) {
      this.messages.error(`${service}: Unable to run ${script}: ${errorReason(failure)}`);
    }
  }
}

/** True for a script that may be executed, and calls openrc-run for its interpreter by the name that it has today. */
function isOwnScript(script: string): boolean {
  const status = ifAllowed(() => statSync(script));
  return status?.isFile() === true && (status.mode & 0o111) !== 0 &&
    /^#!\s*\S*\/openrc-run\s*\n/.test(readHead(script));
}

/** How long what a script has said is waited for, in ms, where something that it has left behind holds its output open. */
const LAST_WORDS = 200;

/** Waits until a stream has ended, or has nothing more for a while. */
function emptied(stream: Readable | null): Promise<void> | undefined {
  if (!stream || stream.readableEnded || stream.destroyed) return undefined;
  return new Promise((resolve) => {
    let timer = setTimeout(resolve, LAST_WORDS);
    stream.on("data", () => {
      clearTimeout(timer);
      timer = setTimeout(resolve, LAST_WORDS);
    });
    for (const event of ["end", "close", "error"]) {
      stream.on(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
  });
}
