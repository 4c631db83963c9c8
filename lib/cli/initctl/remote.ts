/** `initctl --host`: the command is run on other machines, by the user's ssh. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { errorReason } from "../../sys/call/errno.ts";
import { printableJson } from "../../model/text/printable.ts";
import { ConnectionError, errorAsData } from "./errors.ts";

/** What is run, and where. */
export interface RemoteRequest {
  /** The values of `--host`, each a host or several with commas. */
  hosts: readonly string[];
  /** The words after `initctl`. */
  words: readonly string[];
  /** True where input and output are terminals. */
  isInteractive: boolean;
  isJson: boolean;
  write(descriptor: 1 | 2, text: string): void;
  /** Writes a line to standard error. */
  complain(line: string): void;
}

/** ssh's exit status where there is no connection, and the shell's for a program that is not there. */
const NO_CONNECTION = 255, NO_PROGRAM = 127;

/**
 * Administrators' programs are not in everybody's PATH. The shell outlives a ^C, which then is the exit status 130: of a
 * command that a signal ends ssh tells no more than of a connection that is lost.
 */
const SCRIPT = 'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; trap : INT; initctl "$@"';

/**
 * Runs a command of initctl on hosts, all at once.
 * @returns the worst exit status, 255 where a host could not be reached; or what is wrong with the command line: an error of
 * this bundle would be none of initctl's.
 */
export async function runRemotely(request: RemoteRequest): Promise<number | { wrong: string }> {
  const hosts = [...new Set(request.hosts.flatMap((value) => value.split(",")))];
  const wrong = hosts.find((host) => !isHost(host));
  if (wrong !== undefined) return { wrong: `no host can be called ${JSON.stringify(wrong)}` };
  const isAlone = hosts.length === 1;
  const statuses = await Promise.all(hosts.map((host) => runOn(host, request, isAlone)));
  return Math.max(...statuses);
}

/** A word with a dash would be an option of ssh, such as one that runs a program here. */
function isHost(word: string): boolean {
  // deno-lint-ignore no-control-regex
  return word !== "" && !word.startsWith("-") && !/[\s\x00-\x1f\x7f]/.test(word);
}

async function runOn(host: string, request: RemoteRequest, isAlone: boolean): Promise<number> {
  const { words, isInteractive, isJson, write, complain } = request;
  const fail = (message: string) => {
    const answer = errorAsData(new ConnectionError(message));
    if (isJson) write(1, `${printableJson(isAlone ? answer : { host, answer })}\n`);
    complain(message);
  };
  const command = ["sh", "-c", SCRIPT, "initctl", ...words].map(quoted).join(" ");
  const options = isAlone
    ? isInteractive ? ["-t", "-o", "LogLevel=ERROR"] : ["-T"]
    : ["-T", "-o", "BatchMode=yes"];
  const child = spawn("ssh", [...options, "--", host, command], {
    // Several cannot share one terminal's keys; ssh asks for passwords on the terminal itself.
    stdio: isAlone ? "inherit" : ["ignore", "pipe", "pipe"],
  });
  const shown = isAlone
    ? []
    : [follow(child.stdout, 1, host, request), follow(child.stderr, 2, host, request)];
  try {
    const [status] = await Promise.all([endOf(child), ...shown]);
    const advice = adviceFor(status, isAlone);
    if (advice !== undefined) fail(`Unable to ask ${host}: ${advice}`);
    return status;
  } catch (error) {
    fail(`Unable to run ssh for ${host}: ${errorReason(error)}; it is in OpenSSH's client`);
    return NO_CONNECTION;
  }
}

/** What to do about an exit status that is not initctl's own. */
function adviceFor(status: number, isAlone: boolean): string | undefined {
  if (status === NO_PROGRAM) return "there is no initctl in its PATH; install rouse there";
  if (status !== NO_CONNECTION) return undefined;
  return isAlone
    ? "ssh has no connection, for the reason above"
    : "ssh has no connection, for the reason above; of several hosts none can ask for a password or about a key, so try it alone";
}

/** A word for the shell. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    // Killed by a signal, ssh has told nothing of the other side.
    child.on("close", (status) => resolve(status ?? NO_CONNECTION));
  });
}

/** Writes the lines of one of several hosts with its name, as they come. */
async function follow(
  stream: Readable | null,
  descriptor: 1 | 2,
  host: string,
  { write, isJson }: RemoteRequest,
): Promise<void> {
  if (!stream) return;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    write(descriptor, `${isJson && descriptor === 1 ? withHost(host, line) : `${host}: ${line}`}\n`);
  }
}

/** An answer of JSON, in an object that names the host. */
function withHost(host: string, line: string): string {
  try {
    return printableJson({ host, answer: JSON.parse(line) });
  } catch {
    return `${host}: ${line}`;
  }
}
