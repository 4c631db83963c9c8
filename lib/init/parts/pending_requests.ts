/** The requests of clients that the engine has not answered yet. */

import { ControlError, type ErrorName, follow } from "../../control/supervisor.ts";
import type { Effect } from "../../engine/effects.ts";
import type { Part } from "./part.ts";

/** The engine's answer, or init's own where the engine has none. */
interface Answer extends Omit<Effect & { kind: "answer" }, "error"> {
  error?: { name: ErrorName; message: string };
}

/**
 * What is saved of {@link PendingRequests}. Who waits for an answer, a client's connection or a part of init, asks for it by
 * the request's number once all is restored.
 */
export interface SavedRequests {
  lastNumber: number;
  /** The numbers of those without an answer. */
  pending: number[];
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

  /** The number of the next request. */
  get nextNumber(): number {
    return this.#lastNumber + 1;
  }

  /**
   * Submits a request. Returns the name of the instance that it was about, at once if the engine answers at once.
   *
   * @param submit Hands the request with this number to the engine.
   * @throws {ControlError} when the request could not be done; later, the promise rejects with it.
   */
  submit(submit: (request: number) => void): string | Promise<string> {
    const number = ++this.#lastNumber;
    this.#requests.set(number, {});
    try {
      submit(number);
    } catch (error) {
      this.#requests.delete(number);
      throw error;
    }
    return this.answerTo(number);
  }

  /**
   * The same for a request that was submitted before. One whose answer nobody has kept is taken for done.
   *
   * @throws {ControlError} when the request could not be done; later, the promise rejects with it.
   */
  answerTo(number: number): string | Promise<string> {
    const pending = this.#requests.get(number);
    if (!pending) return "";
    if (pending.answer) this.#requests.delete(number);
    return follow(
      pending.answer ?? new Promise<Answer>((resolve) => pending.onAnswer = resolve),
      instanceOf,
    );
  }

  save(): SavedRequests {
    return { lastNumber: this.#lastNumber, pending: [...this.#requests.keys()] };
  }

  restore({ lastNumber, pending }: SavedRequests): void {
    this.#lastNumber = lastNumber;
    for (const number of pending) this.#requests.set(number, {});
  }

  /** Answers all requests by an error, for the engine knows them no longer. */
  fail(message: string): void {
    for (const request of [...this.#requests.keys()]) {
      this.answer({ kind: "answer", request, instance: "", error: { name: "Failed", message } });
    }
  }

  /** Forgets the requests of before a restart that nobody has asked for the answers of: their clients have gone. */
  forgetUnclaimed(): void {
    for (const [number, { onAnswer }] of this.#requests) if (!onAnswer) this.#requests.delete(number);
  }

  /** Passes the engine's answer on to whoever waits for it, or keeps it for whoever asks for it. */
  answer(answer: Answer): void {
    const pending = this.#requests.get(answer.request);
    if (pending?.onAnswer) {
      this.#requests.delete(answer.request);
      pending.onAnswer(answer);
    } else if (pending) pending.answer = answer;
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
