/** What is kept of a stream that brings more than can be kept. */

import assert from "node:assert/strict";
import { OutputSieve } from "./output_sieve.ts";

/** A sieve whose time stands still unless it is told, and what it lets through. */
function sieveOf() {
  const clock = { now: 1000 }, kept: Array<{ text: string; at: number; left: number }> = [];
  let ends = 0;
  const sieve = new OutputSieve(() => clock.now, {
    onKept: (bytes, at, left) => kept.push({ text: new TextDecoder().decode(bytes), at, left }),
    onHeld() {},
    onEnd: () => ends++,
  });
  return {
    sieve,
    clock,
    kept,
    ends: () => ends,
    take: (text: string) => sieve.take(new TextEncoder().encode(text)),
  };
}

const BLOCK = "0123456789abcde\n".repeat(4096);

Deno.test("what comes slowly is kept, and each tenth of a second may bring 512 KB", () => {
  const { clock, kept, take } = sieveOf();
  for (let round = 0; round < 3; round++, clock.now += 100) {
    for (let block = 0; block < 8; block++) take(BLOCK);
  }
  assert.ok(kept.every(({ text, left }) => text === BLOCK && left === 0));
  assert.equal(kept.length, 24);
});

Deno.test("of a flood there is a sample each 10 ms, of whole lines, and its end is never missing", () => {
  const { sieve, clock, kept, ends, take } = sieveOf();
  for (let block = 0; block < 8; block++) take(BLOCK);
  kept.length = 0;
  for (; clock.now < 1090; clock.now++) take(`${BLOCK}${clock.now}\n`);
  assert.deepEqual(kept.map(({ at }) => at), [1009, 1019, 1029, 1039, 1049, 1059, 1069, 1079]);
  assert.ok(
    kept.every(({ text, at, left }) => text.endsWith(`\n${at}\n`) && text.startsWith("0") && left > 600_000),
  );
  take("the end\n");
  sieve.end();
  assert.ok(kept.at(-2)!.text.endsWith("\n1089\n"));
  assert.deepEqual(kept.at(-1), { text: "the end\n", at: 1090, left: 0 });
  assert.equal(ends(), 1);
});

Deno.test("each byte is kept or counted, in whatever pieces a flood comes", () => {
  for (const size of [1, 7, 1000, 4095, 4096, 4097, 8192, 10_000]) {
    const { sieve, clock, kept, take } = sieveOf();
    for (let block = 0; block < 8; block++) take(BLOCK);
    kept.length = 0;
    let printed = 0;
    for (let piece = 0; piece < 3000; piece++, clock.now += piece % 100 === 0 ? 1 : 0) {
      const text = `${String(piece).padStart(size - 1)}\n`;
      take(text);
      printed += text.length;
    }
    sieve.flush();
    const told = kept.reduce((sum, { text, left }) => sum + text.length + left, 0);
    assert.equal(told, printed, `pieces of ${size} bytes`);
    if (size <= 4096) assert.ok(kept.at(-1)!.text.endsWith("2999\n"), `pieces of ${size} bytes`);
  }
});
