/** `initctl --host`: the command is run on other machines, by the user's ssh. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { errorReason } from "../../sys/call/errno.ts";
import { printableJson } from "../../model/text/printable.ts";
import { ConnectionError, errorAsData } from "./errors.ts";

/** What is run, and where. */
interface RemoteRequest {
  /** The values of `--host`, each a host or several with commas. */
  hosts: readonly string[];
  /** The words after `initctl`. */
  words: readonly string[];
  /** True where input and output are terminals. */
  isInteractive: boolean;
  isJson: boolean;
  /** Returns false where nobody reads it. */
  write(descriptor: 1 | 2, text: string): boolean;
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
  const run = new RemoteRun(request, hosts.length === 1);
  return Math.max(...await Promise.all(hosts.map((host) => run.on(host))));
}

/** A word with a dash would be an option of ssh, such as one that runs a program here. */
function isHost(word: string): boolean {
  // deno-lint-ignore no-control-regex
  return word !== "" && !word.startsWith("-") && !/[\s\x00-\x1f\x7f]/.test(word);
}

/** A command that runs on hosts. */
class RemoteRun {
  readonly #running = new Set<ChildProcess>();
  /** Fulfilled when nobody reads the output any more. */
  readonly #unread = Promise.withResolvers<void>();

  constructor(private readonly request: RemoteRequest, private readonly isAlone: boolean) {}

  /** Runs it on a host. Gives the exit status. */
  async on(host: string): Promise<number> {
    const child = this.#spawn(host);
    this.#running.add(child);
    try {
      const shown = Promise.all([
        endOf(child),
        this.#follow(child.stdout, 1, host),
        this.#follow(child.stderr, 2, host),
      ]);
      const [status] = await Promise.race([shown, this.#unread.promise]) ?? [];
      if (status === undefined) return 0;
      const advice = adviceFor(status, this.isAlone);
      if (advice !== undefined) this.#fail(host, `Unable to ask ${host}: ${advice}`);
      return status;
    } catch (error) {
      this.#fail(host, `Unable to run ssh for ${host}: ${errorReason(error)}; it is in OpenSSH's client`);
      return NO_CONNECTION;
    } finally {
      this.#running.delete(child);
    }
  }

  #spawn(host: string): ChildProcess {
    const { words, isInteractive } = this.request;
    const command = ["sh", "-c", SCRIPT, "initctl", ...words].map(quoted).join(" ");
    const options = this.isAlone
      ? isInteractive ? ["-t", "-o", "LogLevel=ERROR"] : ["-T"]
      : ["-T", "-o", "BatchMode=yes"];
    return spawn("ssh", [...options, "--", host, command], {
      // Several cannot share one terminal's keys; ssh asks for passwords on the terminal itself.
      stdio: this.isAlone ? "inherit" : ["ignore", "pipe", "pipe"],
    });
  }

  #fail(host: string, message: string): void {
    const answer = errorAsData(new ConnectionError(message)), { isJson, write, complain } = this.request;
    if (isJson) write(1, `${printableJson(this.isAlone ? answer : { host, answer })}\n`);
    complain(message);
  }

  /** Writes the lines of one of several hosts with its name, as they come. */
  async #follow(stream: Readable | null, descriptor: 1 | 2, host: string): Promise<void> {
    if (!stream) return;
    const { write, isJson } = this.request;
    for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
      const text = isJson && descriptor === 1 ? withHost(host, line) : `${host}: ${line}`;
      if (!write(descriptor, `${text}\n`) && descriptor === 1) return this.#end();
    }
  }

  /** Nobody reads the output any more: no host needs to go on. ssh may have left somebody who holds its output. */
  #end(): void {
    for (const child of this.#running) {
      child.kill();
      child.stdout?.destroy();
      child.stderr?.destroy();
    }
    this.#unread.resolve();
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

/** An answer of JSON, in an object that names the host. */
function withHost(host: string, line: string): string {
  try {
    return printableJson({ host, answer: JSON.parse(line) });
  } catch {
    return `${host}: ${line}`;
  }
}
