/** A child of init's own, which is this executable with another program, and the pipes to it and from it. Init never waits for it. */

import type { Exit } from "../../model/exit.ts";
import { SIGKILL } from "../../model/signals.ts";
import { isKernelError } from "../../sys/call/refused.ts";
import { close, O_RDWR, open, pipe, setNonBlocking } from "../../sys/io/descriptors.ts";
import { type DescriptorReader, readDescriptor } from "../../sys/io/streams.ts";
import { DescriptorWriter } from "../../sys/io/writer.ts";
import { SINGLE_THREAD_FLAGS } from "../../sys/runtime/variables.ts";
import { explain, type SpawnDescription, type SpawnResult } from "../../sys/spawn/spawn.ts";
import type { SpawnQueue } from "../../sys/spawn/spawn_queue.ts";
import type { Messages } from "../logs/messages.ts";
import { signalProcess } from "./signalling.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What a child is started by. */
export interface ChildWorld {
  spawner: Pick<SpawnQueue, "start">;
  /** Calls the listener when the process has ended and been reaped. */
  onEnd(pid: number, listener: (exit: Exit) => void): void;
  messages: Pick<Messages, "log" | "attempt" | "fault">;
}

/** The rights of a user. */
export type Credentials = Required<Pick<SpawnDescription, "uid" | "gid" | "groups">>;

/** The user that owns nothing (`nobody`), by the number that it has everywhere. */
export const NOBODY: Credentials = { uid: 65534, gid: 65534, groups: [] };

/** What a child leads to. */
interface OwnChildEvents {
  /** What it says on its standard output. The bytes are valid until this returns. */
  onData(bytes: Uint8Array): void;
  /** It has read some of what was written. */
  onProgress?(): void;
  /** It could not be started as it was described: its user may be unknown to the kernel here, or may not run the executable. */
  onRefused?(): void;
  /** It has ended, or could not be started: the reason. Not called after {@link OwnChild.close}. */
  onEnd(end: Exit | string): void;
}

/** What differs from a process with init's rights in the root directory. `tellsErrors`: its standard error counts as output. */
type Peculiarities = Partial<SpawnDescription> & { tellsErrors?: boolean };

/** A child. */
export class OwnChild {
  #writer: DescriptorWriter | undefined;
  #reader: DescriptorReader | undefined;
  #pid: number | undefined;
  #isOver = false;

  /**
   * @param argv The command.
   * @param what For messages of faults, e.g. `the process that ships logs`.
   */
  constructor(
    argv: readonly string[],
    private readonly what: string,
    private readonly world: ChildWorld,
    private readonly events: OwnChildEvents,
    more: Peculiarities = {},
  ) {
    const opened: number[] = [];
    try {
      this.#start(argv, opened, more);
    } catch (error) {
      opened.forEach(close);
      const isFault = !isKernelError(error);
      if (isFault) world.messages.fault(`the start of ${what}`, error);
      const message = isFault ? "internal error" : error.message;
      // The owner has no child yet that could end.
      queueMicrotask(() => this.#end(message));
    }
  }

  /** How many bytes it has not been given yet. */
  get waiting(): number {
    return this.#writer?.waiting ?? 0;
  }

  /** Writes to its standard input. The bytes must not change later. */
  write(bytes: Uint8Array): void {
    this.#writer?.write(bytes);
  }

  /** Lets it read to the end of its input: nothing more is written. What waits is dropped. */
  endInput(): void {
    this.#writer?.close();
  }

  /** Kills it. */
  close(): void {
    if (this.#isOver) return;
    this.#release();
    this.#kill();
  }

  #start(argv: readonly string[], opened: number[], { tellsErrors, ...more }: Peculiarities): void {
    const input = pipe();
    opened.push(input.reader);
    setNonBlocking(input.writer);
    // When nobody reads any more it has ended, and that will be told.
    this.#writer = new DescriptorWriter(input.writer, {
      onProgress: () => this.events.onProgress?.(),
      onBroken() {},
    });
    const output = pipe();
    opened.push(output.writer);
    this.#reader = readDescriptor(output.reader, {
      onData: (bytes) => this.#isOver || this.events.onData(bytes),
      onEnd() {},
    });
    const errors = tellsErrors ? output.writer : open("/dev/null", O_RDWR);
    if (!tellsErrors) opened.push(errors);
    const description: SpawnDescription = {
      argv: [...argv],
      environment: [`PATH=${PATH}`, ...SINGLE_THREAD_FLAGS],
      descriptors: { 0: input.reader, 1: output.writer, 2: errors },
      newSession: true,
      limit: { core: { soft: 0, hard: 0 } },
      chdir: "/",
      umask: 0o077,
      ...more,
    };
    this.world.spawner.start(description, (result) => {
      opened.forEach(close);
      this.#started(result);
    });
  }

  #started({ pid, failed }: SpawnResult): void {
    if (failed?.fault !== undefined) this.world.messages.fault(`the start of ${this.what}`, failed.fault);
    if (failed) {
      // A lack of processes or memory passes.
      if (failed.step !== "fork") this.events.onRefused?.();
      return this.#end(explain(failed));
    }
    this.#pid = pid;
    this.world.onEnd(pid, (exit) => {
      this.#pid = undefined;
      if (!this.#isOver) this.#reader?.drain();
      this.#end(exit);
    });
    if (this.#isOver) this.#kill();
  }

  #end(end: Exit | string): void {
    if (this.#isOver) return;
    this.#release();
    this.#kill();
    this.events.onEnd(end);
  }

  #release(): void {
    this.#isOver = true;
    this.#reader?.close();
    this.#writer?.close();
  }

  /** It holds nothing that would have to be put in order. */
  #kill(): void {
    if (this.#pid !== undefined) signalProcess(this.#pid, SIGKILL, false, this.world.messages);
  }
}
