import assert from "node:assert/strict";
import { close, pipe, read, write } from "./descriptors.ts";
import { ThrottledPoller } from "./throttled_poller.ts";
import { readToEnd } from "../testing/children.ts";

const ANY = new Uint8Array(1);

/** A pipe that is watched; `next` resolves after its next reading, and `readings` counts them. */
function watched(throttled: ThrottledPoller, reads: () => number) {
  const { reader, writer } = pipe();
  let wake = () => {};
  const it = {
    readings: 0,
    writer,
    next: () => new Promise<void>((resolve) => wake = resolve),
    [Symbol.dispose]() {
      throttled.unwatch(reader);
      close(reader);
      close(writer);
    },
  };
  throttled.watch(reader, () => {
    read(reader);
    it.readings++;
    wake();
    return reads();
  });
  return it;
}

/** Resolves when a descriptor that does not rest has been served. */
async function loop(): Promise<void> {
  const { reader, writer } = pipe();
  const end = readToEnd(reader);
  close(writer);
  await end;
}

Deno.test("small pieces are left to gather for a while, and everything else goes on", async () => {
  using it = watched(new ThrottledPoller({ times: Infinity, longest: 3_600_000 }), () => 1);
  write(it.writer, ANY);
  await it.next();
  write(it.writer, ANY);
  for (let round = 0; round < 3; round++) await loop();
  assert.equal(it.readings, 1);
});

Deno.test("what has gathered is read after a rest, and what others have, too", async () => {
  const throttled = new ThrottledPoller({ times: Infinity, longest: 5 });
  using one = watched(throttled, () => 1);
  for (let round = 1; round <= 3; round++) {
    write(one.writer, ANY);
    await one.next();
    using other = watched(throttled, () => 1);
    write(other.writer, ANY);
    await other.next();
    assert.equal(one.readings, round);
  }
});

Deno.test("what comes in quantity has no rest", async () => {
  using it = watched(new ThrottledPoller({ times: Infinity, longest: 3_600_000 }), () => Infinity);
  for (let round = 1; round <= 3; round++) {
    write(it.writer, ANY);
    await it.next();
    assert.equal(it.readings, round);
  }
});
