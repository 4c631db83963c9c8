/** The log of what openrc and its scripts print while a runlevel is entered (`rc_logger`): who prints. */

import { fstatSync } from "node:fs";
import process from "node:process";
import type { Settings } from "../../../../compat/openrc/mod.ts";
import { isSet } from "../../../config/openrc/rc_conf.ts";
import { isFault } from "../../../sys/call/fault.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { close, duplicate, duplicateOnto, isTerminal, openPty, pipe } from "../../../sys/io/descriptors.ts";
import { copyTerminalSize } from "../../../sys/machine/terminal.ts";
import { restoreDescriptorLimit } from "../../../sys/process/limits.ts";
import { awaitAnyEnd } from "../../../sys/process/pidfd.ts";
import { selfCommand } from "../../../sys/runtime/self.ts";
import { SINGLE_THREAD_FLAGS } from "../../../sys/runtime/variables.ts";
import { explain, spawn } from "../../../sys/spawn/spawn.ts";
import type { OpenrcMessages } from "../messages.ts";

/** Where the log is, unless `rc_log_path` says so. */
const LOG_PATH = "/var/log/rc.log";

/** The word by which the process runs that writes the log. */
const PROGRAM = "openrc-logger";

/** How long is waited for its end, in ms. */
const LAST_TIME = 10_000;

/** The first of that process's descriptors from which it reads. */
export const FIRST_CHANNEL = 3;

/** What is printed to one file, by one or both of the standard streams. */
interface Channel {
  streams: number[];
  reader: number;
  writer: number;
}

/** A log that is being written by a process of its own, through which all goes that is printed. */
export class LevelLog {
  /** The standard streams as they were. */
  readonly #kept: ReadonlyArray<readonly [stream: number, copy: number]>;
  readonly #ending: number;
  readonly #pid: number;
  #isOver = false;

  /** Begins the log where the settings ask for one. What is in the way is told. */
  static begin(level: string, settings: Settings, messages: OpenrcMessages): LevelLog | undefined {
    if (!isSet(settings, "rc_logger")) return undefined;
    try {
      return new LevelLog(level, settings.get("rc_log_path") || LOG_PATH);
    } catch (error) {
      if (isFault(error)) throw error;
      messages.warn(`Unable to log what is printed: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** @throws {Error} */
  private constructor(level: string, path: string) {
    const channels = openChannels(), { reader, writer } = pipe();
    const sources = channels.map((channel, index) => [FIRST_CHANNEL + index, channel.reader] as const);
    const targets = channels.map(({ streams }) => String(streams[0]));
    try {
      restoreDescriptorLimit();
      const { pid, failed } = spawn({
        argv: [...selfCommand(PROGRAM), level, path, ...targets],
        environment: [
          ...Object.entries(process.env).flatMap(([key, value]) =>
            value === undefined ? [] : [`${key}=${value}`]
          ),
          ...SINGLE_THREAD_FLAGS,
        ],
        descriptors: { 0: reader, 1: 1, 2: 2, ...Object.fromEntries(sources) },
        newSession: true,
      });
      if (failed) throw new Error(explain(failed));
      this.#pid = pid;
    } catch (error) {
      close(writer);
      for (const channel of channels) close(channel.writer);
      throw error;
    } finally {
      close(reader);
      for (const channel of channels) close(channel.reader);
    }
    this.#ending = writer;
    this.#kept = channels.flatMap(({ streams }) =>
      streams.map((stream) => [stream, duplicate(stream)] as const)
    );
    for (const { streams, writer } of channels) {
      for (const stream of streams) duplicateOnto(writer, stream);
      close(writer);
    }
  }

  /** Ends the log, and blocks until it is complete. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const [stream, copy] of this.#kept) {
      duplicateOnto(copy, stream);
      close(copy);
    }
    close(this.#ending);
    awaitAnyEnd([this.#pid], LAST_TIME);
  }
}

/** One channel for what both streams print to the same file, so that its order is kept; else one for each. */
function openChannels(): Channel[] {
  const [output, errors] = [1, 2].map((stream) => fstatSync(stream));
  const isSame = output!.dev === errors!.dev && output!.ino === errors!.ino;
  return (isSame ? [[1, 2]] : [[1], [2]]).map((streams) => ({ streams, ...openChannel(streams[0]!) }));
}

/** A terminal for a terminal, as far as there are any; else a pipe. */
function openChannel(stream: number): { reader: number; writer: number } {
  const pty = isTerminal(stream) ? ifAllowed(openPty) : undefined;
  if (pty === undefined) return pipe();
  copyTerminalSize(stream, pty.slave);
  return { reader: pty.master, writer: pty.slave };
}
