import assert from "node:assert/strict";
import { parseInittab } from "./inittab.ts";

function parse(...lines: string[]) {
  return parseInittab(lines.join("\n"), "/etc/inittab");
}

/** What is said of a single line. */
function complaint(line: string): string | undefined {
  const { problems } = parse("# first", line);
  assert(problems.every((problem) => problem.line === 2));
  return problems[0]?.message;
}

Deno.test("a line has an ID, runlevels, an action and a command, which may hold colons", () => {
  const { entries, problems, initdefault } = parse(
    "# a comment",
    "",
    "id:3:initdefault:",
    "  1:23:Respawn:/sbin/getty 38400 tty1",
    "ab::wait:  /bin/run a:b  # no comment",
    "x:sA:once:+@/bin/run $LEVEL",
  );
  assert.deepEqual(problems, []);
  assert.equal(initdefault, "3");
  const common = { isRecorded: true, isDirect: false, file: "/etc/inittab" };
  assert.deepEqual(entries, [
    { ...common, id: "1", levels: "23", action: "respawn", process: "/sbin/getty 38400 tty1" },
    { ...common, id: "ab", levels: "", action: "wait", process: "/bin/run a:b  # no comment" },
    {
      ...common,
      id: "x",
      levels: "SA",
      action: "once",
      process: "/bin/run $LEVEL",
      isRecorded: false,
      isDirect: true,
    },
  ]);
});

Deno.test("what is wrong with a line is told, and the rest counts", () => {
  for (
    const [line, message] of [
      ["nocolon", "missing runlevel field"],
      ["a:2", "missing action field"],
      ["a:2::/x", "missing action field"],
      [":2:wait:/x", "missing id field"],
      ["five5:2:wait:/x", "id field too long (max 4 characters)"],
      ["a:2:bogus:/x", "bogus: unknown action field"],
      ["a:2:constructor:/x", "constructor: unknown action field"],
      ["a : 2 : wait : /x", " wait : unknown action field"],
      [`a:2:wait:/${"x".repeat(127)}`, "process field too long (max 127 characters)"],
      [`a:2:wait:/${"x".repeat(126)}`, undefined],
      ["a:2:wait:/x\0y", "null character"],
      ["a:2x:wait:/x", "unknown runlevel: X"],
      ["a:2:wait:/x\r", "carriage return at the end of the line, which is left out"],
      ["id::initdefault:", "initdefault names no runlevel that one can boot to"],
      ["id:a:initdefault:", "initdefault names no runlevel that one can boot to"],
      ["a:2:wait:", undefined],
    ] as const
  ) assert.equal(complaint(line), message, line);
  const { entries, problems } = parse("a:2:wait:/x", "bad", "a:3:once:/y", "b:2x:wait:/z\r", "c:x:wait:/w");
  assert.deepEqual(problems[1], { line: 3, message: 'duplicate ID field "a"' });
  assert.deepEqual(entries.map(({ id, levels, process }) => [id, levels, process]), [
    ["a", "2", "/x"],
    ["b", "2", "/z"],
    // A line for no runlevel that there is must not be one for all.
    ["c", "-", "/w"],
  ]);
});

Deno.test("of several runlevels of initdefault the highest counts, of several such lines the first", () => {
  const level = (levels: string) => parse(`id:${levels}:initdefault:`).initdefault;
  assert.deepEqual(["35", "53", "2 3", "9", "s", "S2", "0"].map(level), ["5", "5", "3", "9", "S", "2", "0"]);
  assert.equal(parse("a:3:initdefault:", "b:2:initdefault:").initdefault, "3");
  assert.equal(parse("a:x:initdefault:", "b:2:initdefault:").initdefault, "2");
});

Deno.test("further files stand behind the first, which goes before them", () => {
  const before = parse("id:2:initdefault:", "a:2:wait:/x");
  const more = parseInittab("a:2:wait:/y\nb:2:wait:/z\nie:3:initdefault:", "/etc/inittab.d/x.tab", before);
  assert.deepEqual(more.entries.map(({ id, file }) => [id, file]), [["b", "/etc/inittab.d/x.tab"]]);
  assert.equal(more.initdefault, "2");
  assert.deepEqual(more.problems, [{ line: 1, message: 'duplicate ID field "a"' }]);
});

Deno.test("any bytes are read, and no more than so many lines", () => {
  const noise = Array.from({ length: 200_000 }, (_, at) => String.fromCharCode((at * 7919) % 256)).join("");
  assert.equal(parseInittab(noise, "/etc/inittab").entries.length, 0);
  const many = Array.from({ length: 11_000 }, (_, at) => `${at.toString(36)}:2:once:/x`);
  const { entries, problems } = parse(...many);
  assert.equal(entries.length, 10_000);
  assert.equal(problems.length, 1);
  assert.match(problems[0]!.message, /^too many entries/);
});
