/** The requests of clients that the engine has not answered yet. */

import { ControlError, follow } from "../../control/supervisor.ts";
import type { Effect } from "../../engine/effects.ts";
import type { Part } from "./part.ts";

type Answer = Effect & { kind: "answer" };

/**
 * What is saved of {@link PendingRequests}. Connections do not survive a re-execution: nobody waits for the answers to
 * earlier requests any more, which are dropped by their numbers.
 */
export interface SavedRequests {
  lastNumber: number;
}

/** A request without an answer, or with one that came before anybody waited for it. */
interface PendingRequest {
  answer?: Answer;
  onAnswer?(answer: Answer): void;
}

/** Requests by the number that the engine knows them by. */
export class PendingRequests implements Part<SavedRequests> {
  readonly #requests = new Map<number, PendingRequest>();
  #lastNumber = 0;

  /**
   * Submits a request. Returns the name of the instance that it was about, at once if the engine answers at once.
   *
   * @param submit Hands the request with this number to the engine.
   * @throws {ControlError} when the request could not be done; later, the promise rejects with it.
   */
  submit(submit: (request: number) => void): string | Promise<string> {
    const number = ++this.#lastNumber;
    const pending: PendingRequest = {};
    this.#requests.set(number, pending);
    try {
      submit(number);
    } catch (error) {
      this.#requests.delete(number);
      throw error;
    }
    return follow(
      pending.answer ?? new Promise<Answer>((resolve) => pending.onAnswer = resolve),
      instanceOf,
    );
  }

  save(): SavedRequests {
    return { lastNumber: this.#lastNumber };
  }

  restore({ lastNumber }: SavedRequests): void {
    this.#lastNumber = lastNumber;
  }

  /** Passes the engine's answer on to whoever waits for it. */
  answer(answer: Answer): void {
    const pending = this.#requests.get(answer.request);
    this.#requests.delete(answer.request);
    if (pending?.onAnswer) pending.onAnswer(answer);
    else if (pending) pending.answer = answer;
  }
}

/**
 * The name of the instance that an answer is about.
 *
 * @throws {ControlError} when the request could not be done.
 */
function instanceOf({ instance, error }: Answer): string {
  if (error) throw new ControlError(error.name, error.message);
  return instance;
}
