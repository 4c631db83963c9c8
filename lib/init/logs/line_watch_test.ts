import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { LineWatch } from "./line_watch.ts";

const stdout = {}, stderr = {};

/** What each piece of output leads to. */
function looks(watch: LineWatch, pieces: Array<[stream: object, text: string]>): boolean[] {
  return pieces.map(([stream, text]) => watch.look("web", "1", stream, Buffer.from(text)));
}

Deno.test("a line is looked at when it is whole, each stream by itself, and the watch is over with the first", () => {
  const watch = new LineWatch();
  watch.start("web", "1", "^up on 80$");
  const pieces: Array<[object, string]> = [
    [stdout, "half"],
    [stderr, "n 80\n"],
    [stdout, "boot\nup o"],
    [stdout, "n 80"],
    [stdout, "\r\nmore\n"],
    [stdout, "up on 80\n"],
  ];
  assert.deepEqual(looks(watch, pieces), [false, false, false, false, true, false]);
  assert.equal(watch.has("web", "1"), false);
});

Deno.test("of a line that is too long the beginning counts, however it comes", () => {
  const watch = new LineWatch(), long = "x".repeat(3000);
  watch.start("web", "1", "^x+y");
  assert.deepEqual(looks(watch, [[stdout, long], [stdout, long], [stdout, "y\n"], [stdout, "xy\n"]]), [
    false,
    false,
    false,
    true,
  ]);
});

Deno.test("output of others is not looked at, and a watch goes on where another was saved", () => {
  const watch = new LineWatch(), after = new LineWatch();
  watch.start("web", "1", "up");
  assert.equal(watch.look("web", "2", stdout, Buffer.from("up\n")), false);
  after.restore(JSON.parse(JSON.stringify(watch.save())));
  assert.deepEqual(looks(after, [[stdout, "up\n"]]), [true]);
  watch.stop("web", "1");
  assert.deepEqual(looks(watch, [[stdout, "up\n"]]), [false]);
});
