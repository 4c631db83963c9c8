/** The report of an error that a job's function has thrown, or that nothing catches. */

import process from "node:process";
import { inspect } from "node:util";
import { writeAll } from "../../sys/io/write_all.ts";
import { PORT_IN_USE, RAISES_REJECTIONS } from "../../sys/runtime/traits.ts";
import { isCommandFailure } from "./shell.ts";
import { importFailure, userFrames } from "./source_location.ts";

/**
 * Ends the process with status 1 for an error that nobody catches, such as one thrown by a timer, a rejection that nobody
 * handles, or an emitter's `error` without a listener. A listener of the user's decides instead.
 */
export function endAtUncaughtErrors(): void {
  if (!RAISES_REJECTIONS) process.on("unhandledRejection", raiseRejection);
  process.on("uncaughtException", (error) => {
    if (process.listenerCount("uncaughtException") > 1) return;
    writeAll(2, `${describeFailure(error)}\n`);
    process.exit(1);
  });
}

/** Raises the rejection as an uncaught exception, unless another listener takes it. */
function raiseRejection(reason: unknown): void {
  if (process.listenerCount("unhandledRejection") === 1) throw reason;
}

/**
 * An error with the lines of its stack trace that name users' files, and with its causes.
 * @param effects The errors that it is a cause of: a cause may lead back to one of them.
 */
export function describeFailure(error: unknown, effects: readonly unknown[] = []): string {
  if (!(error instanceof Error)) return `the function threw ${inspect(error)}, which is no Error`;
  // The message of zx's error has the location, the command's error output and its exit status.
  if (isCommandFailure(error)) return error.message.trim();
  const chain = [...effects, error];
  const isLast = error.cause === undefined || chain.includes(error.cause);
  const cause = isLast ? "" : `\ncaused by ${describeFailure(error.cause, chain)}`;
  const failure = importFailure(error);
  const frames = userFrames(error.stack ?? "");
  if (frames.length === 0 && failure?.location) {
    const { file, line, column } = failure.location;
    frames.push(`    at ${file}:${line}:${column}`);
  }
  const { name, message } = failure ?? { name: error.name, message: messageOf(error) };
  const parts = partsOf(error, chain).map((part) => `\n${part.replaceAll(/^/gm, "  ")}`);
  return [`${name}: ${message}`, ...frames].join("\n") + parts.join("") + cause;
}

/** How many of the errors that are told as one are described. */
const MOST_PARTS = 10;

/** The errors that an error stands for (AggregateError), as `Promise.any` and a server that finds no address throw it. */
function partsOf(error: Error, chain: readonly unknown[]): string[] {
  if (!(error instanceof AggregateError)) return [];
  const parts = error.errors.filter((part) => !chain.includes(part));
  const more = parts.length - MOST_PARTS;
  const told = parts.slice(0, MOST_PARTS).map((part) =>
    part instanceof Error ? describeFailure(part, chain) : inspect(part)
  );
  return more > 0 ? [...told, `and ${more} more`] : told;
}

/** The message of an error; where a server's port is taken, as Node.js words it. */
function messageOf({ message, code }: NodeJS.ErrnoException): string {
  const [, port] = code === "EADDRINUSE" ? PORT_IN_USE.exec(message) ?? [] : [];
  return port === undefined ? message : `listen EADDRINUSE: address already in use :${port}`;
}
