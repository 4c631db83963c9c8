/** Requests that could not be done, in the terms of Upstart's control protocol. */

/** The name of an error, as it stands behind `com.ubuntu.Upstart0_6.Error.` (InvalidArgs: D-Bus's own). */
export type FailureName =
  | "UnknownJob"
  | "UnknownInstance"
  | "AlreadyStarted"
  | "AlreadyStopped"
  | "NotRunning"
  | "JobFailed"
  | "EventFailed"
  | "InvalidArgs";

/** Why a request could not be done: the error's name, and the sentence that the user reads. */
export class RequestFailure extends Error {
  constructor(readonly failure: FailureName, message: string) {
    super(message);
  }
}
