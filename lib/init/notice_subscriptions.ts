/** The subscriptions to notices: who is called when something happens. */

import type { Notice } from "../model/requests.ts";

type NoticeKind = Notice["kind"];

/** A listener; `kinds` undefined: to all notices. */
interface Subscription {
  listener(notice: Notice): void;
  kinds: readonly NoticeKind[] | undefined;
}

/** Listeners, some of them to certain kinds of notices alone. */
export class NoticeSubscriptions {
  readonly #all = new Set<Subscription>();

  /**
   * @param onChange Called when a listener was added or removed, so that other kinds may be wanted than before.
   * @param onFault Receives what a listener has thrown. The other listeners are called all the same.
   */
  constructor(private readonly onChange: () => void, private readonly onFault: (error: unknown) => void) {}

  /** Calls a listener with notices, of certain kinds or of all, until the function returned is called. */
  subscribe(listener: (notice: Notice) => void, kinds?: readonly NoticeKind[]): () => void {
    const subscription = { listener, kinds };
    this.#all.add(subscription);
    this.onChange();
    return () => {
      this.#all.delete(subscription);
      this.onChange();
    };
  }

  /** True when there is a listener to notices of a kind. */
  wants(kind: NoticeKind): boolean {
    for (const { kinds } of this.#all) if (kinds?.includes(kind) ?? true) return true;
    return false;
  }

  /** Calls the listeners to a notice. */
  notify(notice: Notice): void {
    for (const { listener, kinds } of this.#all) {
      if (!(kinds?.includes(notice.kind) ?? true)) continue;
      try {
        listener(notice);
      } catch (error) {
        this.onFault(error);
      }
    }
  }
}
