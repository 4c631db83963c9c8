/**
 * Questions that are asked once however many want the answer: of disks and of names. One that is not answered holds a
 * thread, of which there are few.
 */

/** Asks, and calls `answer` once. */
type Ask<Answer> = (answer: (answer: Answer) => void) => void;

/** The questions that are not answered yet. */
export class SharedQuestions<Answer> {
  readonly #waiting = new Map<string, Set<(answer: Answer) => void>>();

  /** Asks under a key, or waits for the answer to what was asked under it already. Returns what ends the waiting. */
  ask(key: string, ask: Ask<Answer>, done: (answer: Answer) => void): () => void {
    const listener = (answer: Answer) => done(answer);
    const waiting = this.#waiting.get(key);
    if (waiting) waiting.add(listener);
    else {
      this.#waiting.set(key, new Set([listener]));
      ask((answer) => this.#answered(key, answer));
    }
    return () => void this.#waiting.get(key)?.delete(listener);
  }

  #answered(key: string, answer: Answer): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    for (const listener of waiting ?? []) listener(answer);
  }
}
