/** Failures of requests, with the error names of Upstart's control protocol. */

/** The name of an error, without its prefix `com.ubuntu.Upstart0_6.Error.`; InvalidArgs is an error of D-Bus itself. */
export type FailureName =
  | "UnknownJob"
  | "UnknownInstance"
  | "AlreadyStarted"
  | "AlreadyStopped"
  | "NotRunning"
  | "JobFailed"
  | "EventFailed"
  | "InvalidArgs";

/** The failure of a request: the error's name, and the message for the user. */
export class RequestFailure extends Error {
  constructor(readonly failure: FailureName, message: string) {
    super(message);
  }
}
