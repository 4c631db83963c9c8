/** What becomes of rotated logs: a short-lived child compresses them and removes the oldest, one log after the other. */

import { Buffer } from "node:buffer";
import type { Rotation } from "../../../model/logs/settings.ts";
import { type ChildWorld, OwnChild } from "../../spawn/own_child.ts";
import type { Part } from "../../parts/part.ts";

/** So much is read of what a child says of its failure, in bytes. */
const LONGEST_REASON = 500;

/** The child leaves processor and disk to others. */
const BACKGROUND = { nice: 10, ioPriority: "idle", tellsErrors: true } as const;

/** What is saved of {@link LogTidier}: the logs that are still to be looked after. */
export type SavedTidying = Array<[path: string, rotation: Rotation]>;

/** The looking after rotated logs. */
export class LogTidier implements Part<SavedTidying> {
  /** In their order; the first one's child runs. */
  readonly #logs = new Map<string, Rotation>();
  #child: OwnChild | undefined;
  readonly #told = new Set<string>();

  /** @param command The command that runs the program `tidy-logs` of this executable. */
  constructor(private readonly command: readonly string[], private readonly world: ChildWorld) {}

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
      onData: (bytes) => said.push(Uint8Array.from(bytes.subarray(0, LONGEST_REASON))),
      onEnd: (end) => {
        this.#child = undefined;
        this.#ended(
          path,
          typeof end === "string" ? end : "status" in end && end.status === 0 ? "" : text(said),
        );
        this.#next();
      },
    }, BACKGROUND);
  }

  /** Tells of a failure; of the same one, once. */
  #ended(path: string, problem: string): void {
    const message = `${path}: unable to tidy up what was rotated: ${problem || "the process was killed"}`;
    if (problem === "") return void this.#told.clear();
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.world.messages.log("warn", message);
  }
}

function text(said: Uint8Array[]): string {
  const line = Buffer.concat(said).toString().trim();
  return line === "" ? "the process was killed" : line.slice(0, LONGEST_REASON).replace(/^tidy-logs: /, "");
}
