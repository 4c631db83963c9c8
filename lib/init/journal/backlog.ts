/** What has happened and is not followed yet. */

import type { JournalRecord } from "../../model/insight/journal.ts";
import type { Notice } from "../../model/requests.ts";

/** A notice, or a record that has no number yet. */
export type Happening = Notice | JournalRecord & { kind: "message" | "request" };

/** So many happenings wait at most, and about so many characters of their texts. */
const MOST_WAITING = 512, LONGEST_TEXTS = 200_000;

/**
 * Happenings that are followed later, all at once: when somebody wants to know of them, or when there are many. Each where it
 * comes, among all else that init does meanwhile, would take several times as long, for nothing of the code and data for it
 * would be in the processor's caches.
 */
export class Backlog {
  #happenings: Happening[] = [];
  #times: number[] = [];
  /** How long their texts are. */
  #length = 0;

  /**
   * @param follow Receives each happening with its time, in order.
   * @param onFault Receives what it has thrown. The others are followed all the same.
   */
  constructor(
    private readonly follow: (happening: Happening, at: number) => void,
    private readonly onFault: (error: unknown) => void,
  ) {}

  /** Adds what has happened at this time (ms since 1970). It must not change any more. */
  add(happening: Happening, at: number): void {
    const count = this.#happenings.push(happening);
    this.#times.push(at);
    this.#length += lengthOf(happening);
    if (count >= MOST_WAITING || this.#length >= LONGEST_TEXTS) this.flush();
  }

  /** Follows all that wait. */
  flush(): void {
    const happenings = this.#happenings, times = this.#times;
    if (happenings.length === 0) return;
    this.#happenings = [];
    this.#times = [];
    this.#length = 0;
    for (let index = 0; index < happenings.length; index++) {
      try {
        this.follow(happenings[index]!, times[index]!);
      } catch (error) {
        this.onFault(error);
      }
    }
  }
}

/** How long the texts are that a happening may be the first to have: clients choose those of events and instances. */
function lengthOf(happening: Happening): number {
  switch (happening.kind) {
    case "event-begun": {
      let length = happening.event.length;
      for (const pair of happening.environment) length += pair.length;
      return length;
    }
    case "instance-added":
      return happening.instance.length;
    case "message":
      return happening.message.length;
    case "request":
      return happening.what.length;
    default:
      return 0;
  }
}
