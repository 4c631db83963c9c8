/** The checks of a simulation. None is really made: a test says whether it passes. */

import { displayName } from "../../model/display_name.ts";
import type { CheckPurpose } from "../checks/instance_checks.ts";
import type { Effect, Input } from "../effects.ts";

/** What a check of a simulation says. Unless told otherwise, it passes. */
export type CheckAnswer = "passes" | { fails: string };

/** A check that is being made. */
interface RunningCheck {
  job: string;
  instance: string;
  use: CheckPurpose;
}

/** The checks of a simulation. `trace` gets a line for each answer. */
export class SimulatedChecks {
  readonly #running = new Map<number, RunningCheck>();
  readonly #answers = new Map<string, CheckAnswer>();

  constructor(private readonly trace: string[]) {}

  /**
   * Sets what a job's checks for something say, those that are being made at once. The answer to `ready` is also that of
   * later runs; any other is that of the present run, or of the next when there is none. The inputs that follow.
   */
  answer(job: string, use: CheckPurpose, answer: CheckAnswer): Input[] {
    const running = Array.from(this.#running).filter(([, one]) => one.job === job && one.use === use);
    if (use === "ready" || running.length === 0) this.#answers.set(`${job} ${use}`, answer);
    return running.map(([check, one]) => this.#input(check, one, answer));
  }

  /** Begins a check. The input that follows. */
  start(
    { check, what: { use }, definition: { name: job }, instance }: Effect & { kind: "start-check" },
  ): Input {
    const running = { job, instance, use };
    this.#running.set(check, running);
    const answer = this.#answers.get(`${job} ${use}`) ?? "passes";
    if (use !== "ready") this.#answers.delete(`${job} ${use}`);
    return this.#input(check, running, answer);
  }

  /** Takes over a check that is being made already. It says nothing new. */
  adopt(check: number, running: RunningCheck): void {
    this.#running.set(check, running);
  }

  stop(check: number): void {
    if (!this.#running.delete(check)) throw new Error(`the check ${check}, which is not made, is to end`);
  }

  #input(check: number, { job, instance, use }: RunningCheck, answer: CheckAnswer): Input {
    const said = answer === "passes" ? answer : `fails: ${answer.fails}`;
    this.trace.push(`${displayName(job, instance)} check ${use} ${said}`);
    return answer === "passes"
      ? { kind: "check-passed", check }
      : { kind: "check-failed", check, reason: answer.fails };
  }
}
