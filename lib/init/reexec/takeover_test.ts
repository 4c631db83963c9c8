import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { close, pipe } from "../../sys/io/descriptors.ts";
import { closeUnused, filesOf } from "./takeover.ts";

/** A descriptor of a file of its own. */
function file(): number {
  const { reader, writer } = pipe();
  close(writer);
  return reader;
}

const isOpen = (descriptor: number) => existsSync(`/proc/self/fd/${descriptor}`);

Deno.test("of the files that are handed over those are closed that no part goes on with, and no later ones", () => {
  const used = file(), unused = file(), closed = file(), never = 100_000;
  const handed = filesOf([used, unused, closed, never]);
  close(closed);
  const later = file();
  assert.equal(later, closed);
  closeUnused(handed, { one: { save: () => used, restore() {}, descriptors: () => [used] } });
  assert.deepEqual([used, unused, later].map(isOpen), [true, false, true]);
  for (const descriptor of [used, later]) close(descriptor);
});
