/** The lines that wait for a place that takes none. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Sender } from "./sender.ts";

Deno.test("short lines that wait take no more memory than long ones; what is beyond is lost", () => {
  let lost = 0, done = 0;
  const sender = new Sender(() => new Promise(() => {}), 0, {
    failing() {},
    working() {},
    done: ({ isLost }) => {
      done++;
      if (isLost) lost++;
    },
  });
  const text = Buffer.from("x"), count = 100_000;
  for (let at = 0; at < count; at++) {
    sender.add({ job: "web", instance: "", text, time: 0, size: 2, left: 1, isLost: false });
  }
  assert.equal(lost, done);
  assert(count - done < 20_000, `${count - done} wait`);
  sender.abandon();
  assert.deepEqual([lost, done], [count, count]);
});
