import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { joined, merged } from "./joining.ts";
import { fileLine, keptLine, LineSplitter, type LogLine } from "./log_line.ts";

const OF = { job: "web", instance: "" };

const inFile = (text: string) => fileLine(OF, Buffer.from(text), 100);
const kept = (text: string, at: number) => keptLine({ ...OF, number: at, at, text });

async function* asyncOf<Item>(items: Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** The lines as `text@time`, without a time where nobody knows it. */
async function shown(lines: AsyncIterable<LogLine>): Promise<string[]> {
  const all: string[] = [];
  for await (const { text, at } of lines) all.push(at === undefined ? text : `${text}@${at}`);
  return all;
}

/** Joins the lines of a file, the last one without its newline where there is one, with those that are kept from time 1 on. */
function join(file: string[], ring: string[], partial?: string): Promise<string[]> {
  const lines: LogLine[] = file.map(inFile);
  if (partial !== undefined) lines.push({ ...inFile(partial), isPartial: true });
  return shown(joined(asyncOf(lines), ring.map((text, index) => kept(text, index + 1))));
}

Deno.test("no line is doubled and none is lost, and what both have is given its time", async () => {
  assert.deepEqual(await join(["a", "b", "c"], ["b", "c", "d"]), ["a", "b@1", "c@2", "d@3"]);
  assert.deepEqual(await join(["a", "b"], ["a", "b"]), ["a@1", "b@2"]);
  assert.deepEqual(await join([], ["a"]), ["a@1"]);
  assert.deepEqual(await join(["a"], []), ["a"]);
  assert.deepEqual(await join(["a", "b"], ["c"]), ["a", "b", "c@1"]);
  // Lines that are alike.
  assert.deepEqual(await join(["x", "x", "x"], ["x", "x"]), ["x", "x@1", "x@2"]);
});

Deno.test("ends of lines, colours and init's own notes do not hide what is the same", async () => {
  assert.deepEqual(await join(["a\r", "b\x1b[1mold\r"], ["\x1b[31mb\x1b[0mold", "c"]), [
    "a",
    "b\x1b[1mold@1",
    "c@2",
  ]);
  const note = "[12 bytes of output were lost while this log could not be written]";
  assert.deepEqual(await join(["a", note, "b"], ["a", "b", "c"]), ["a@1", note, "b@2", "c@3"]);
});

Deno.test("a line that was read in its midst is shown once", async () => {
  assert.deepEqual(await join(["a"], ["a", "begun"], "beg"), ["a@1", "begun@2"]);
  assert.deepEqual(await join(["a"], ["a"], "beg"), ["a@1", "beg"]);
});

Deno.test("a file in which lines are missing is still known", async () => {
  assert.deepEqual(await join(["a", "c", "d", "e"], ["a", "b", "c", "d", "e", "f"]), [
    "a",
    "c",
    "d",
    "e",
    "f@6",
  ]);
});

Deno.test("whatever is printed, and however much of it each has, all of it is shown once and in order", async () => {
  const lines = fc.array(fc.constantFrom("a", "b", "", "c\x1b[0m"), { maxLength: 40 });
  await fc.assert(fc.asyncProperty(lines, fc.nat(40), fc.nat(40), async (all, from, to) => {
    // The file has the beginning, and init the end, of it; together they have all.
    const end = Math.min(to, all.length), start = Math.min(from, end);
    const texts = all.map((text, index) => `${text}${index}`);
    const given = await join(texts.slice(0, end), texts.slice(start));
    assert.deepEqual(given.map((line) => line.replace(/@\d+$/, "")), texts);
  }));
});

Deno.test("logs are merged by time, each in its own order", async () => {
  const one = [kept("a", 1), kept("b", 5), kept("c", 4)], other = [kept("x", 2), kept("y", 5), kept("z", 9)];
  assert.deepEqual(await shown(merged([asyncOf(one), asyncOf(other)])), [
    "a@1",
    "x@2",
    "b@5",
    "y@5",
    "c@4",
    "z@9",
  ]);
});

Deno.test("the time in front of a line is taken off, and what only looks like one is not", () => {
  const line = inFile("2026-11-30T04:15:30.123Z  started\r");
  assert.deepEqual([line.at, line.text], [Date.UTC(2026, 10, 30, 4, 15, 30, 123), " started"]);
  for (const text of ["2026-99-30T04:15:30.123Z x", "2026-11-30T04:15:30Z x", "é"]) {
    assert.deepEqual([inFile(text).at, inFile(text).text], [undefined, text]);
  }
});

Deno.test("bytes are split into lines wherever they are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "é", "\n", "\r")), fc.array(fc.nat(20)), (characters, cuts) => {
      const text = characters.join(""), bytes = Buffer.from(text), splitter = new LineSplitter();
      const lines: string[] = [];
      let at = 0;
      for (const length of [...cuts, bytes.length]) {
        lines.push(...splitter.add(bytes.subarray(at, at + length)).map(String));
        at += length;
      }
      assert.deepEqual([...lines, String(splitter.rest)], text.split("\n"));
    }),
  );
  const endless = new LineSplitter();
  assert.deepEqual(endless.add(Buffer.alloc(3 << 20)).map(({ length }) => length), [
    1 << 20,
    1 << 20,
    1 << 20,
  ]);
});
