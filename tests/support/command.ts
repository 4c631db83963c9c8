/** Running a program to its end. */

import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** How a program ended and what it wrote. */
export interface Outcome {
  /** The exit status; the signal's number, negative, when a signal killed it. */
  exit: number;
  stdout: string;
  stderr: string;
}

/** Thrown when a program has not ended in time; it has been killed by then. */
export class TimeoutError extends Error {}

/** Where and how a program runs. `timeout` is in milliseconds. */
export interface CommandOptions {
  environment: Record<string, string>;
  directory: string;
  timeout?: number;
}

/** Runs a program, looked up in its environment's PATH, and waits until it and all that holds its output ended. */
export function run(words: string[], options: CommandOptions): Promise<Outcome> {
  const [program, ...rest] = words;
  const timeout = options.timeout ?? 60_000;
  const child = spawn(program!, rest, {
    env: options.environment,
    cwd: options.directory,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      child.stdout.destroy();
      child.stderr.destroy();
      reject(new TimeoutError(`${words.join(" ")}: still running after ${timeout} ms`));
    }, timeout);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      resolve({ exit: status ?? -signalNumber(signal), stdout: stdout(), stderr: stderr() });
    });
  });
}

/** Runs a line of shell. */
export function shell(line: string, options: CommandOptions): Promise<Outcome> {
  return run(["/bin/sh", "-c", line], options);
}

/** Gathers what a stream brings; the function returned gives it as text, a byte order mark included. */
function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  return () => decode(Buffer.concat(chunks));
}

/** Bytes as text; what is not UTF-8 becomes U+FFFD, a byte order mark stays. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : constants.signals[signal];
}
