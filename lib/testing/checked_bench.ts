/** The bench of jobs' own tests. It refuses what can have no effect, where the bench itself passes over it. */

import type { CheckPurpose } from "../engine/checks/instance_checks.ts";
import type { CheckAnswer } from "../engine/simulator/simulated_checks.ts";
import type { Behaviour, ProcessEnd } from "../engine/simulator/simulated_processes.ts";
import { displayName } from "../model/display_name.ts";
import type { InstanceProcess, JobDefinition } from "../model/job.ts";
import {
  assertAnswer,
  assertBehaviour,
  assertEnd,
  assertOwnProcess,
  assertProcess,
  assertTells,
} from "./arguments.ts";
import { Bench, type ProcessSelector, type VariableValues } from "./bench.ts";

/** A bench that refuses what can have no effect. */
export class CheckedBench<Reference> extends Bench<Reference> {
  readonly #nameOf: (job: Reference) => string;

  /** As those of {@link Bench}. */
  constructor(
    jobs: JobDefinition[],
    initEnvironment: VariableValues,
    nameOf: (job: Reference) => string,
  ) {
    super(jobs, initEnvironment, nameOf);
    this.#nameOf = nameOf;
  }

  /** @throws {Error} when the job has no such process, or no process behaves like that. */
  override behave(job: Reference, process: InstanceProcess, ...behaviours: Behaviour[]): void {
    assertOwnProcess(process, this.#definition(job));
    behaviours.forEach(assertBehaviour);
    super.behave(job, process, ...behaviours);
  }

  /** @throws {Error} when the job has no such check, so that nobody would ask, or it is no answer. */
  override answer(job: Reference, use: CheckPurpose, answer: CheckAnswer): void {
    assertAnswer(this.#definition(job), use, answer);
    super.answer(job, use, answer);
  }

  /** @throws {Error} when the job is one that does not tell, or when nothing of it runs. */
  override ready(job: Reference, instance = ""): void {
    assertTells(this.#definition(job));
    const name = this.#nameOf(job);
    if (!this.engine.jobs.get(name)?.instances.get(instance)?.pids.size) {
      throw new Error(`${displayName(name, instance)} cannot tell that it is ready: nothing of it runs`);
    }
    super.ready(job, instance);
  }

  /** @throws {Error} when the process does not run, or no process ends like that. */
  override exit(job: Reference, end: ProcessEnd = { status: 0 }, which: ProcessSelector = {}): void {
    assertEnd(end);
    super.exit(job, end, which);
  }

  /** @throws {Error} when jobs have no such process. */
  override runs(job: Reference, which: ProcessSelector = {}): boolean {
    assertProcess(which.process ?? "main");
    return super.runs(job, which);
  }

  /** @throws {Error} when jobs have no such process. */
  override environment(job: Reference, process: InstanceProcess = "main"): VariableValues {
    assertProcess(process);
    return super.environment(job, process);
  }

  /** Undefined for a job that was taken off the bench. */
  #definition(job: Reference): JobDefinition | undefined {
    return this.engine.jobs.get(this.#nameOf(job))?.definition;
  }
}
