import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { PatientTimer } from "./patient_timer.ts";
import { close, pipe, write } from "./descriptors.ts";
import { readDescriptor } from "./streams.ts";

/** Has this process do nothing for so many ms, as if it were stopped. */
function holdUp(time: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
}

Deno.test("what came while the process was held up is read before a timer fires", async () => {
  for (let round = 0; round < 5; round++) {
    const { reader, writer } = pipe();
    const told: string[] = [], over = Promise.withResolvers<void>();
    const reading = readDescriptor(reader, { onData: () => told.push("read"), onEnd: () => {} });
    new PatientTimer(20, () => {
      told.push("over");
      over.resolve();
    });
    write(writer, Buffer.from("in time"));
    holdUp(200);
    await over.promise;
    assert.deepEqual(told, ["read", "over"]);
    reading.close();
    close(writer);
  }
});

Deno.test("a timer that is cancelled never fires, though the process was held up", async () => {
  const timers = Array.from({ length: 2 }, () => new PatientTimer(10, () => assert.fail("it was cancelled")));
  timers[0]!.cancel();
  holdUp(100);
  await new Promise((resolve) => setTimeout(resolve, 20));
  timers[1]!.cancel();
  await new Promise<void>((resolve) => new PatientTimer(150, resolve));
});

Deno.test("a delay that is longer than the runtime's timers know does not end at once", async () => {
  const timers = [2 ** 31, 2 ** 53 * 1000, Infinity].map((delay) =>
    new PatientTimer(delay, () => assert.fail(`${delay} ms are over`))
  );
  await new Promise<void>((resolve) => new PatientTimer(20, resolve));
  for (const timer of timers) timer.cancel();
});
