/** What becomes of rotated logs: a short-lived child compresses them and removes the oldest, one log after the other. */

import { Buffer } from "node:buffer";
import type { Rotation } from "../../../model/logs/settings.ts";
import { type ChildWorld, OwnChild } from "../../spawn/own_child.ts";
import type { Part } from "../../parts/part.ts";

/** So much is read of what a child says of its failure, in bytes. */
const LONGEST_REASON = 500;

/** The child leaves processor and disk to others. */
const BACKGROUND = { nice: 10, ioPriority: "idle", tellsErrors: true } as const;

/** A child that takes longer than this (ms) is killed: it may be stopped, or wait for a disk that does not answer. */
const DEADLINE = 30 * 60_000;

/** What is saved of {@link LogTidier}: the logs that are still to be looked after. */
export type SavedTidying = Array<[path: string, rotation: Rotation]>;

/** The looking after rotated logs. */
export class LogTidier implements Part<SavedTidying> {
  /** In their order; the first one's child runs. */
  readonly #logs = new Map<string, Rotation>();
  #child: OwnChild | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What was told last of a path. */
  readonly #told = new Map<string, string>();

  /**
   * @param command The command that runs the program `tidy-logs` of this executable.
   * @param deadline In ms; for tests.
   */
  constructor(
    private readonly command: readonly string[],
    private readonly world: ChildWorld,
    private readonly deadline: number = DEADLINE,
  ) {}

  /** Looks after what a log was rotated to. */
  add(path: string, rotation: Rotation): void {
    this.#logs.set(path, rotation);
    // Whoever has written the log goes on first.
    setImmediate(() =>
      this.world.messages.attempt("the start of the process that tidies logs", () => this.#next())
    );
  }

  save(): SavedTidying {
    return [...this.#logs];
  }

  restore(saved: SavedTidying): void {
    for (const [path, rotation] of saved) this.add(path, rotation);
  }

  /** Ends the child. What it leaves undone is done after the log's next rotation. */
  close(): void {
    this.#logs.clear();
    this.#endChild();
  }

  #endChild(): void {
    clearTimeout(this.#timer);
    this.#child?.close();
    this.#child = undefined;
  }

  #next(): void {
    if (this.#child) return;
    const [next] = this.#logs;
    if (!next) return;
    const [path, { keep, compress }] = next;
    // What is rotated from now on is looked after once more.
    this.#logs.delete(path);
    const said: Uint8Array[] = [];
    const argv = [...this.command, path, String(keep), compress];
    this.#child = new OwnChild(argv, "the process that tidies logs", this.world, {
      onData: (bytes) => said.push(new Uint8Array(bytes.subarray(0, LONGEST_REASON))),
      onEnd: (end) => {
        this.#ended(
          path,
          typeof end === "string" ? end : "status" in end && end.status === 0 ? "" : text(said),
        );
      },
    }, BACKGROUND);
    this.#timer = setTimeout(() => this.#ended(path, "it took too long, so it was killed"), this.deadline);
  }

  /** Tells of a failure; of the same one, once. Then it is the next one's turn. */
  #ended(path: string, problem: string): void {
    this.#endChild();
    if (problem === "") this.#told.delete(path);
    else if (this.#told.get(path) !== problem) {
      this.#told.set(path, problem);
      this.world.messages.log("warn", `${path}: unable to tidy up what was rotated: ${problem}`);
    }
    this.#next();
  }
}

function text(said: Uint8Array[]): string {
  const line = Buffer.concat(said).toString().trim();
  return line === "" ? "the process was killed" : line.slice(0, LONGEST_REASON).replace(/^tidy-logs: /, "");
}
