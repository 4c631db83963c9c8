/** The way of a part's state from one init to the next, for tests. */

import type { Part } from "../part.ts";

/** Saves a part and restores it in another one, by way of JSON. */
export function passOn<Saved>(from: Part<Saved>, to: Part<Saved>): void {
  void to.restore(JSON.parse(JSON.stringify(from.save())));
}
