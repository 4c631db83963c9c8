/** Who is told of what happens. */

import type { Notice } from "../control/supervisor.ts";

/** What notices are about. */
type Kind = Notice["kind"];

/** Listeners, some of them to certain kinds of notices alone. */
export class Observers {
  readonly #all = new Set<{ listener(notice: Notice): void; kinds: readonly Kind[] | undefined }>();

  /** @param changed Called when other kinds of notices may be wanted than before. */
  constructor(private readonly changed: () => void) {}

  /** Adds a listener, until the function returned is called. */
  add(listener: (notice: Notice) => void, kinds?: readonly Kind[]): () => void {
    const observer = { listener, kinds };
    this.#all.add(observer);
    this.changed();
    return () => {
      this.#all.delete(observer);
      this.changed();
    };
  }

  /** True when anybody listens to such notices. */
  want(kind: Kind): boolean {
    for (const { kinds } of this.#all) if (kinds?.includes(kind) ?? true) return true;
    return false;
  }

  tell(notice: Notice): void {
    for (const { listener, kinds } of this.#all) if (kinds?.includes(notice.kind) ?? true) listener(notice);
  }
}
