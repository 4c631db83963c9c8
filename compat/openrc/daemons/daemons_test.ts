/** What is pure of the programs that start and stop daemons. */

import assert from "node:assert/strict";
import { parseCapabilities } from "./capabilities.ts";
import { isDpkgMatch, isOpenrcMatch, type ProcessView } from "./matching.ts";
import { RespawnCount } from "./respawning.ts";
import { dpkgSchedule, openrcSchedule, type ScheduleItem } from "./schedule.ts";
import { dpkgSignal, openrcSignal } from "./signals.ts";

/** `15 w5 9 w5`, and `r0` for what repeats. */
function inShort(items: readonly ScheduleItem[]): string {
  return items.map((item) =>
    item.kind === "signal" ? item.signal : item.kind === "wait" ? `w${item.seconds}` : `r${item.from}`
  ).join(" ");
}

const OPENRC_SCHEDULES: Array<[text: string | undefined, items: string]> = [
  [undefined, "15 w5"],
  ["0", "15 w0"],
  ["-3", "15 w-3"],
  ["7s", "15 w7"],
  ["TERM/5/KILL/5", "15 w5 9 w5"],
  ["-SIGHUP/-9/forever", "1 9 wInfinity"],
];

const DPKG_SCHEDULES: Array<[text: string, items: string]> = [
  ["30", "15 w30 9 w30"],
  ["INT/1/-9/2", "2 w1 9 w2"],
  ["TERM/forever/KILL/1", "15 9 w1 r1"],
  ["forever/TERM/1", "15 w1 r0"],
];

Deno.test("schedules are read as each of the programs reads them", () => {
  for (const [text, items] of OPENRC_SCHEDULES) assert.equal(inShort(openrcSchedule(text, 15)), items, text);
  for (const [text, items] of DPKG_SCHEDULES) assert.equal(inShort(dpkgSchedule(text, 15)), items, text);
  for (
    const text of [
      "x",
      "forever",
      "TERM/x",
      "1/-",
      "TERM/SIGSIGHUP",
      "forever/forever",
      "TERM/12345678901234567890",
    ]
  ) {
    assert.throws(() => openrcSchedule(text, 15), { name: "ScheduleError" }, text);
  }
  for (
    const text of ["x", "forever", "TERM/", "TERM/5s", "TERM/SIGHUP", "forever/1/forever", "TERM/forever", ""]
  ) {
    assert.throws(() => dpkgSchedule(text, 15), { name: "ScheduleError" }, text);
  }
});

Deno.test("signals have the names that each of the programs knows", () => {
  const texts = ["HUP", "SIGHUP", "hup", "STKFLT", "NULL", "64", "65", "-1", "", "WINCH"];
  const none = undefined;
  assert.deepEqual(texts.map(openrcSignal), [1, 1, none, none, 0, 64, none, none, none, 28]);
  assert.deepEqual(texts.map(dpkgSignal), [1, none, none, none, none, 64, 65, none, none, none]);
});

const NAP: ProcessView = {
  pid: 7,
  command: "nap",
  arguments: ["/opt/nap", "100", ""],
  owner: 1500,
  parent: 3,
  program: "1:2",
};

Deno.test("OpenRC means a process by its name, the first words of its command line, and its user", () => {
  const isMatch = (exec: string | undefined, words: string[], uid?: number) =>
    isOpenrcMatch(NAP, { exec, words, uid });
  assert(isMatch("/elsewhere/nap", []));
  assert(isMatch(undefined, ["/opt/nap", "100"], 1500));
  assert(isMatch("nap", ["/opt/nap"], 0));
  assert(!isMatch("/opt/na", []));
  assert(!isMatch("nap", ["/opt/nap", "10"]));
  assert(!isMatch("nap", ["/opt/nap", "100", "", ""]));
  assert(!isMatch("nap", [], 1501));
  assert(!isOpenrcMatch({ ...NAP, arguments: undefined }, { words: ["/opt/nap"] }));
});

Deno.test("dpkg means a process by its file, parent, user and name, of which all count", () => {
  assert(isDpkgMatch(NAP, {}));
  assert(isDpkgMatch(NAP, { program: "1:2", parent: 3, uid: 1500, name: "nap" }));
  for (const other of [{ program: "1:3" }, { parent: 4 }, { uid: 0 }, { name: "na" }]) {
    assert(!isDpkgMatch(NAP, other));
  }
});

Deno.test("capabilities are read by name and number", () => {
  const sets = parseCapabilities("^cap_net_bind_service,!CAP_SYS_ADMIN,%kill,!^0,3");
  assert.deepEqual(sets, { inheritable: [10, 5, 0, 3], ambient: [10, 0], forbidden: [21, 0] });
  for (const text of ["cap_nothing", "64", "^", "\n", "kill,\r"]) {
    assert.equal(parseCapabilities(text), undefined, text);
  }
});

Deno.test("a daemon is started again as often as its limits allow, and anew in the next period", () => {
  const respawns = (max: number, period: number, ends: number[]) => {
    const count = new RespawnCount({ max, period });
    return ends.map((now) => count.ended(now));
  };
  assert.deepEqual(respawns(2, 0, [0, 100, 200]), [true, true, false]);
  assert.deepEqual(respawns(0, 0, Array(50).fill(1)), Array(50).fill(true));
  assert.deepEqual(respawns(1, 10, [0, 11, 12, 13]), [true, true, true, false]);
});
