/** Faults: exceptions that only a mistake in this program's own code can throw, unlike those of the kernel or of a user. */

/** The classes of exceptions that JavaScript itself throws. */
const FAULTS = [TypeError, ReferenceError, RangeError, SyntaxError, EvalError, URIError];

/** True for an exception of a class that JavaScript itself throws, and for what is no exception at all. */
export function isFault(error: unknown): boolean {
  return !(error instanceof Error) || FAULTS.some((fault) => error instanceof fault);
}
