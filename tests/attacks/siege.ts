/** An init under attack: what root's commands take meanwhile, and what init needs before, meanwhile and afterwards. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import process from "node:process";
import { SYSTEM_ADDRESS, SYSTEM_PRIVATE_ADDRESS } from "../../lib/control/names.ts";
import { until } from "../support/deadline.ts";
import { NamespaceInit } from "../support/namespace.ts";
import { isRunning, killTree, procFile } from "../support/processes.ts";
import { HTTP_ATTACKS } from "./http_attacks.ts";
import { SOCKET_ATTACKS } from "./socket_attacks.ts";

/** All attacks. */
export const ATTACKS = [...Object.keys(SOCKET_ATTACKS), ...Object.keys(HTTP_ATTACKS)];

/** The port of `--http`, in a network of init's own. */
const PORT = 9100;

/** What init needs. */
export interface Needs {
  /** Resident memory, in MB. */
  memory: number;
  descriptors: number;
}

/** What was seen of an attack. */
export interface Seen {
  /** How long root waited for an answer, in ms, in ascending order. */
  latencies: number[];
  before: Needs;
  meanwhile: Needs;
}

/** A part of values in ascending order, such as 0.99, is not larger than this. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

/** An init with many jobs, and those who attack it. */
export class Siege implements AsyncDisposable {
  #attackers: ChildProcess[] = [];

  private constructor(readonly init: NamespaceInit) {}

  static async begin(jobs: number): Promise<Siege> {
    const files = Array.from({ length: jobs }, (_, index) => [`job-${index + 1}.conf`, "exec sleep 6000\n"]);
    const prepare = "ip link set lo up";
    const init = await NamespaceInit.startWithin(
      prepare,
      Object.fromEntries(files),
      "--http",
      `127.0.0.1:${PORT}`,
    );
    const siege = new Siege(init);
    await siege.sample(20);
    return siege;
  }

  /** How long root waits for each of so many answers, in ms, in ascending order. */
  async sample(count: number): Promise<number[]> {
    const { stdout, stderr } = await this.init.run(
      ...program("sampler.ts", SYSTEM_PRIVATE_ADDRESS, `${count}`),
    );
    if (stderr !== "") throw new Error(stderr);
    return (JSON.parse(stdout) as number[]).sort((one, other) => one - other);
  }

  needs(): Needs {
    const { pid } = this.init;
    return {
      memory: Number(/^VmRSS:\s+(\d+)/m.exec(procFile(pid, "status"))![1]) / 1024,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  }

  /** Has so many processes attack; resolves when all do. */
  async attack(name: string, count: number): Promise<void> {
    const target = name in HTTP_ATTACKS ? `${PORT}` : SYSTEM_ADDRESS;
    const words = ["nsenter", "--target", `${this.init.pid}`, "--pid", "--mount", "--net"];
    for (let number = 0; number < count; number++) {
      const [command, ...rest] = [...words, ...program("attacker.ts", name, target)];
      this.#attackers.push(spawn(command!, rest, { stdio: ["ignore", "pipe", "inherit"] }));
    }
    await Promise.all(this.#attackers.map(({ stdout }) => once(stdout!, "data")));
  }

  /** Ends the attack, and waits until all descriptors are back. */
  async relieve(before: Needs): Promise<void> {
    await this.#end();
    await until(
      "init has closed all connections of the attackers",
      () => this.needs().descriptors <= before.descriptors,
    );
  }

  /** One attack from its beginning to its end. */
  async endure(name: string, attackers: number, samples: number): Promise<Seen> {
    const before = this.needs();
    await this.attack(name, attackers);
    try {
      const latencies = await this.sample(samples);
      return { latencies, before, meanwhile: this.needs() };
    } finally {
      await this.relieve(before);
    }
  }

  async #end(): Promise<void> {
    const running = this.#attackers.filter(isRunning);
    this.#attackers = [];
    const ends = running.map((attacker) => once(attacker, "exit"));
    for (const { pid } of running) killTree(pid!);
    await Promise.all(ends);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    await this.init[Symbol.asyncDispose]();
  }
}

/** The words that run a program of this folder. */
function program(name: string, ...args: string[]): string[] {
  return [process.execPath, "run", "-A", "--no-check", `${import.meta.dirname}/${name}`, ...args];
}
