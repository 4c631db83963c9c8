/** `init --user --daemon`: starts init in the background, and exits when that init answers. */

import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { constants, fstatSync, mkdirSync, openSync, readSync } from "node:fs";
import { constants as system } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { errorReason } from "../../sys/call/errno.ts";
import { isFault } from "../../sys/call/fault.ts";
import { writeAll as write } from "../../sys/io/write_all.ts";
import { selfCommand } from "../../sys/runtime/self.ts";
import { isLink } from "../../config/files.ts";
import { missingDirectories } from "../../config/problems.ts";
import { formatDiagnostic } from "../../formats/diagnostic.ts";
import { logDirectory, namedDirectories } from "./directories.ts";
import { EVAL_FAILURE } from "../options/command_line.ts";
import type { InitOptions } from "../options/option_table.ts";

/** The descriptor that init in the background writes its address to. */
const READY_DESCRIPTOR = 3;

/** How long init may take to become ready, and to exit where it is not wanted after all, in ms. */
const START_TIMEOUT = 60_000;

/** How long init may take to exit after it has closed the descriptor without an address, in ms. */
const EXIT_TIMEOUT = 1000;

/** Signals that end this command, and the init that it has started with it. */
const TERMINATING_SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** A signal has asked this command to end. */
class Interruption extends Error {
  constructor(readonly signal: typeof TERMINATING_SIGNALS[number]) {
    super(`interrupted by ${signal}`);
  }
}

/**
 * Starts init with these arguments in a session of its own, without a terminal, its messages in a file. Prints a shell
 * command for `eval`, which is `false` when init could not be started, so that `eval` fails, too. An init whose address
 * was not printed is ended.
 *
 * @returns The exit status.
 */
export async function startInBackground(args: string[], options: InitOptions, name: string): Promise<number> {
  try {
    await start(args.filter((word) => word !== "--daemon"), messagesFile(options));
    // Whoever has mistyped a name does not look for that in a file of messages.
    for (const report of missingDirectories(namedDirectories(options))) {
      write(2, `${name}: ${formatDiagnostic(report)}\n`);
    }
    return 0;
  } catch (error) {
    if (isFault(error)) throw error;
    write(2, `${name}: Unable to start in the background: ${(error as Error).message}\n`);
    try {
      write(1, EVAL_FAILURE);
    } catch (failure) {
      // Standard output may be what has failed. The shell still has the exit status.
      if (isFault(failure)) throw failure;
    }
    return error instanceof Interruption ? 128 + system.signals[error.signal] : 1;
  }
}

/** The file of init's messages, beside the logs of its jobs. */
function messagesFile(options: InitOptions): string {
  return `${logDirectory({ ...options, log: true })}/init.log`;
}

/**
 * Starts init and prints its address when it is ready.
 *
 * @throws {Error} when it does not become ready; the message is the reason.
 */
async function start(args: string[], file: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const messages = openMessages(file), before = fstatSync(messages).size;
  const [command = "", ...words] = selfCommand("init");
  const child = spawn(command, [...words, ...args, `--ready-fd=${READY_DESCRIPTOR}`], {
    detached: true,
    stdio: ["ignore", messages, messages, "pipe"],
  });
  try {
    const address = await addressOf(child, () => messagesSince(messages, before));
    write(1, `UPSTART_SESSION='${address}'; export UPSTART_SESSION;\n`);
  } catch (error) {
    await end(child);
    throw error;
  }
  // Its exit need not be waited for.
  child.unref();
}

/**
 * Opens the file of init's messages. As with the logs of jobs, neither a symbolic link nor a pipe is written to.
 *
 * @throws {Error} when it cannot be written.
 */
function openMessages(file: string): number {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    const messages = openSync(file, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o600);
    if (fstatSync(messages).isFile()) return messages;
  } catch (error) {
    if (!isLink(file)) throw new Error(`Unable to write ${file}: ${errorReason(error)}`);
  }
  throw new Error(`Unable to write ${file}: Not a regular file`);
}

/**
 * Waits until init is ready.
 *
 * @returns Its address.
 * @throws {Error} when init exits or takes too long.
 * @throws {Interruption} when a signal comes first.
 */
async function addressOf(child: ChildProcess, messages: () => string): Promise<string> {
  const ready = child.stdio[READY_DESCRIPTOR] as NodeJS.ReadableStream & { destroy(): void };
  const timers: Array<ReturnType<typeof setTimeout>> = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const fail = (what: string) => reject(new Error(`${what}; ${messages()}`));
  const failIn = (time: number, what: string) => timers.push(setTimeout(() => fail(what), time));
  const interrupt = (signal: typeof TERMINATING_SIGNALS[number]) => reject(new Interruption(signal));
  for (const signal of TERMINATING_SIGNALS) process.on(signal, interrupt);
  let text = "";
  ready.on("data", (chunk) => {
    text += chunk;
    if (text.endsWith("\n")) resolve(text.trimEnd());
  });
  // If it exits, its status says why.
  ready.on("end", () => failIn(EXIT_TIMEOUT, "init can be asked by nobody"));
  child.on("error", reject);
  child.on("exit", (status, signal) => fail(`init ended with ${signal ?? `status ${status}`}`));
  failIn(START_TIMEOUT, `init was not ready within ${START_TIMEOUT / 1000} seconds`);
  try {
    return await promise;
  } finally {
    for (const signal of TERMINATING_SIGNALS) process.off(signal, interrupt);
    child.removeAllListeners();
    ready.removeAllListeners();
    timers.forEach(clearTimeout);
    ready.destroy();
  }
}

/** Ends the init that was started, with all its jobs. A signal that comes meanwhile kills it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const kill = () => void child.kill("SIGKILL");
  for (const signal of TERMINATING_SIGNALS) process.on(signal, kill);
  const timer = setTimeout(kill, START_TIMEOUT);
  child.kill();
  await ended;
  clearTimeout(timer);
  for (const signal of TERMINATING_SIGNALS) process.off(signal, kill);
}

/** The messages that init has printed since the file had a size of so many bytes. */
function messagesSince(messages: number, since: number): string {
  const bytes = Buffer.alloc(Math.min(Math.max(fstatSync(messages).size - since, 0), 64 * 1024));
  const text = bytes.toString("utf8", 0, readSync(messages, bytes, 0, bytes.length, since)).trimEnd();
  return text === "" ? "it said nothing" : `it said:\n${text}`;
}
