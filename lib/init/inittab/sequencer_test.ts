/** The sequencer in virtual time. */

import assert from "node:assert/strict";
import type { Inittab, InittabAction, InittabEntry } from "../../model/sysv/inittab.ts";
import type { BootFlags } from "../options/option_table.ts";
import type { SequenceEffect, SequenceInput, SequenceTimer } from "./sequence_io.ts";
import { Sequencer } from "./sequencer.ts";

/** The lines of `id:levels:action`. */
function inittab(...lines: string[]): Inittab {
  const entries = lines.map((line): InittabEntry => {
    const [id = "", levels = "", action = ""] = line.split(":");
    const process = `/bin/${id}`, file = "/etc/inittab";
    return { id, levels, action: action as InittabAction, process, isRecorded: true, isDirect: false, file };
  });
  const found = entries.find(({ action }) => action === "initdefault");
  return {
    entries: entries.filter((entry) => entry !== found),
    ...(found && { initdefault: found.levels }),
  };
}

/** A machine with an inittab, on which processes end when the test says so. */
class Machine {
  sequencer = new Sequencer();
  now = 0;
  file: Inittab | undefined;
  readonly running = new Set<string>();
  readonly timers = new Map<SequenceTimer, number>();
  /** What has been done since it was last looked at. */
  #log: string[] = [];
  isAsking = false;
  /** What the sequencer's clock shows when {@link now} is 0. */
  #origin = 0;

  constructor(lines: string[], flags: BootFlags = {}) {
    this.file = inittab(...lines);
    this.take({ kind: "boot", inittab: this.file, flags });
  }

  take(input: SequenceInput): void {
    // Whatever is saved survives JSON, and a restart, after which the clock begins anew.
    const saved = JSON.parse(JSON.stringify(this.sequencer.save(this.now + this.#origin)));
    this.#origin += 1_000_000;
    this.sequencer = new Sequencer();
    this.sequencer.restore(saved, this.now + this.#origin);
    for (const effect of this.sequencer.handle(input, this.now + this.#origin)) this.#perform(effect);
  }

  #perform(effect: SequenceEffect): void {
    switch (effect.kind) {
      case "start":
        this.running.add(effect.entry.id);
        return void this.#log.push(`${effect.entry.id} ${effect.level}${effect.previous}`);
      case "stop":
      case "kill":
        return void this.#log.push(`${effect.kind} ${effect.id}`);
      case "message":
        return void this.#log.push(effect.text);
      case "timer":
        if (effect.delay === undefined) this.timers.delete(effect.timer);
        else this.timers.set(effect.timer, this.now + effect.delay);
        return;
      case "read":
        return this.take({ kind: "read", inittab: this.file });
      case "ask":
      case "stop-asking":
        this.isAsking = effect.kind === "ask";
        return;
      case "booted":
        return void this.#log.push("booted");
      case "level":
        this.isAsking = false;
        return void this.#log.push(`level ${effect.level}${effect.previous}`);
    }
  }

  /** Processes end. */
  end(...ids: string[]): this {
    for (const id of ids) {
      assert(this.running.delete(id), `${id} does not run`);
      this.take({ kind: "ended", id });
    }
    return this;
  }

  request(level: string, sleepTime = 3): this {
    this.take({ kind: "request", level, sleepTime });
    return this;
  }

  reload(...lines: string[]): this {
    this.file = inittab(...lines);
    this.take({ kind: "reload", sleepTime: 3 });
    return this;
  }

  /** Lets time pass. */
  pass(time: number): this {
    const end = this.now + time;
    for (;;) {
      const [timer, at] = [...this.timers].sort(([, one], [, other]) => one - other)[0] ?? [];
      if (timer === undefined || at! > end) break;
      this.now = at!;
      this.timers.delete(timer);
      this.take({ kind: "timer", timer });
    }
    this.now = end;
    return this;
  }

  /** What has been done since then, without what is said of signals. */
  get log(): string[] {
    const log = this.#log.filter((line) => !/^(Sending|Entering|Switching|Going)/.test(line));
    this.#log = [];
    return log;
  }
}

Deno.test("a boot: sysinit, boot and bootwait, then the runlevel; who waits holds back what is below", () => {
  const machine = new Machine([
    "r:2:respawn",
    "w:2:wait",
    "bw::bootwait",
    "b::boot",
    "s1::sysinit",
    "s2::sysinit",
    "id:2:initdefault",
    "o:2:once",
    "x:3:once",
    "off:2:off",
  ]);
  assert.deepEqual(machine.log, ["s1 SN"]);
  assert.deepEqual(machine.end("s1").log, ["s2 SN"]);
  assert.deepEqual(machine.end("s2").log, ["booted", "bw SN"]);
  assert.deepEqual(machine.end("bw").log, ["b SN", "level 2N", "r 2N", "w 2N"]);
  assert.deepEqual(machine.end("r").log, ["r 2N"]);
  assert.deepEqual(machine.end("w").log, ["o 2N"]);
  assert.deepEqual(machine.end("o").log, []);
});

Deno.test("a change of the runlevel ends what is not for the new one, and waits for that", () => {
  const machine = new Machine(["id:2:initdefault", "a:2:respawn", "b:23:respawn", "c:23:wait", "d:3:once"]);
  machine.end("c");
  assert.deepEqual(machine.log, ["booted", "level 2N", "a 2N", "b 2N", "c 2N"]);
  assert.deepEqual(machine.request("3").log, ["level 32", "stop a"]);
  assert.deepEqual(machine.end("a").log, ["d 32"]);
  assert.deepEqual(machine.request("2").log, ["level 23", "stop d"]);
  assert.deepEqual(machine.end("d").log, ["a 23"]);
  assert.deepEqual(machine.request("2").log, []);
});

Deno.test("what does not end is killed in time, and given up at last", () => {
  const machine = new Machine(["id:2:initdefault", "a:2:respawn", "n:3:once"]);
  assert.deepEqual(machine.log, ["booted", "level 2N", "a 2N"]);
  assert.deepEqual(machine.request("3", 5).log, ["level 32", "stop a"]);
  assert.deepEqual(machine.pass(4999).log, []);
  // Another request gives no more time.
  assert.deepEqual(machine.request("4", 60).log, ["level 43"]);
  assert.deepEqual(machine.request("3", 60).log, ["level 34"]);
  assert.deepEqual(machine.pass(1).log, ["kill a"]);
  assert.deepEqual(machine.pass(10_000).log, ["n 34"]);
  machine.end("a", "n");
  assert.deepEqual(machine.log, ["no more processes left in this runlevel"]);
  machine.request("2");
  assert.deepEqual(machine.log, ["level 23", "a 23"]);
  assert.deepEqual(machine.request("3", 0).log, ["level 32", "stop a", "kill a"]);
});

Deno.test("more than ten starts in two minutes are followed by a rest of five, unless somebody asks", () => {
  const lines = ["id:2:initdefault", "r:2:respawn", "k:2:respawn"];
  const machine = new Machine(lines);
  for (let run = 0; run < 10; run++) {
    machine.now += 1000;
    machine.end("r");
  }
  assert(machine.log.includes('Id "r" respawning too fast: disabled for 5 minutes'));
  assert.deepEqual(machine.pass(299_999).log, []);
  assert.deepEqual(machine.pass(1).log, ["r 2N"]);
  for (let run = 0; run < 30; run++) {
    machine.now += 13_000;
    assert.deepEqual(machine.end("r").log, ["r 2N"]);
  }
  for (let run = 0; run < 10; run++) if (machine.running.has("r")) machine.end("r");
  assert(!machine.running.has("r"));
  machine.log;
  assert.deepEqual(machine.reload(...lines).log, ["r 2N"]);
});

Deno.test("lines are compared when they are read anew", () => {
  const machine = new Machine(["id:2:initdefault", "a:2:respawn", "b:2:respawn", "c:2:respawn", "o:2:once"]);
  machine.end("o").log;
  machine.reload("id:2:initdefault", "b:3:respawn", "c:2:off", "o:2:once", "e:2:respawn");
  assert.deepEqual(machine.log, ["stop c", "stop a"]);
  assert.deepEqual(machine.end("a", "c").log, ["e 2N"]);
  // It is for another runlevel now: it runs on, and does not come back.
  assert.deepEqual(machine.end("b").log, []);
  machine.file = undefined;
  machine.take({ kind: "reload", sleepTime: 3 });
  assert.deepEqual(machine.end("e").log, ["e 2N"]);
});

Deno.test("a process of another action ends before the new one starts, under the same ID", () => {
  const machine = new Machine(["id:2:initdefault", "a:2:respawn", "g:2:once"]);
  machine.log;
  assert.deepEqual(machine.reload("id:2:initdefault", "a:2:once").log, ["stop a", "stop g"]);
  assert.deepEqual(machine.reload("id:2:initdefault", "a:2:once", "g:2:once").log, []);
  assert.deepEqual(machine.end("a", "g").log, ["a 2N", "g 2N"]);
});

Deno.test("the runlevel S of a boot comes before boot and bootwait; one that was asked for does not", () => {
  const lines = ["id:2:initdefault", "si::sysinit", "b::bootwait", "s:S:wait", "w:2:wait"];
  const machine = new Machine(lines, { runlevel: "S" });
  machine.end("si");
  assert.deepEqual(machine.log, ["si SN", "booted", "level SN", "s SN"]);
  machine.end("s", "b", "w");
  assert.deepEqual(machine.log, ["b SN", "level 2N", "w 2N", "no more processes left in this runlevel"]);
  machine.request("S");
  assert.deepEqual(machine.log, ["level S2", "s S2"]);
  assert.deepEqual(machine.end("s").log, ["level 2S", "w 2S"]);

  const other = new Machine(["id:S:initdefault", "b::boot", "s:S:once", "w:2:once"]);
  assert.deepEqual(other.log, ["booted", "level SN", "s SN"]);
  assert.deepEqual(other.request("2").end("s").log, ["level 2S", "stop s", "w 2S"]);
});

Deno.test("without lines for S there is a shell; without a runlevel somebody is asked", () => {
  const machine = new Machine(["id:S:initdefault", "w:3:once"]);
  assert.deepEqual(machine.log, ["booted", "level SN", "sulogin SN"]);
  machine.reload("w:3:once", "n:3:once");
  assert.deepEqual(machine.log, []);
  machine.end("sulogin");
  assert(machine.isAsking);
  for (const text of ["x", "", "a", " "]) {
    machine.take({ kind: "answer", text });
    assert(machine.isAsking);
  }
  machine.take({ kind: "answer", text: " 3" });
  assert(!machine.isAsking);
  assert.deepEqual(machine.log, ["level 3N", "w 3N", "n 3N"]);

  const unheard = new Machine(["w:2:once"]);
  unheard.take({ kind: "answer", text: undefined });
  assert(unheard.log.includes("level 2N"));
  const asked = new Machine(["w:4:once"]);
  assert.deepEqual(asked.request("4").log, ["booted", "level 4N", "w 4N"]);
});

Deno.test("in an emergency a shell comes first, and the lines are read when it is over", () => {
  const machine = new Machine(["id:2:initdefault", "si::sysinit"], { emergency: true });
  assert.deepEqual(machine.log, ["sulogin SN"]);
  machine.file = inittab("id:3:initdefault", "mend::sysinit");
  assert.deepEqual(machine.end("sulogin").log, ["mend SN"]);
  assert.deepEqual(machine.end("mend").log.slice(0, 2), ["booted", "level 3N"]);
});

Deno.test("a runlevel that is asked for during the boot waits for it; the end of the system does not", () => {
  const lines = ["id:2:initdefault", "si::sysinit", "b::bootwait", "w3:3:once", "w6:6:once"];
  const machine = new Machine(lines);
  assert.deepEqual(machine.request("3").log, ["si SN"]);
  assert.deepEqual(machine.end("si", "b").log, ["booted", "b SN", "level 3N", "w3 3N"]);
  const stuck = new Machine(lines);
  assert.deepEqual(stuck.request("6").log, ["si SN", "booted", "level 6N", "stop si"]);
  assert.deepEqual(stuck.end("si").log, ["w6 6N"]);
  const single = new Machine([...lines, "s:S:once"]);
  assert.deepEqual(single.request("S").log, ["si SN", "booted", "level SN", "stop si"]);
  assert.deepEqual(single.end("si").log, ["s SN"]);
});

Deno.test("keys and the power supply start their lines at once, those of other runlevels later", () => {
  const lines = ["id:2:initdefault", "w:2:wait", "ca:2:ctrlaltdel", "cb:3:ctrlaltdel", "kb::kbrequest"];
  const power = ["pw::powerwait", "pf::powerfail", "po::powerokwait", "pn::powerfailnow"];
  const machine = new Machine([...lines, ...power]);
  machine.log;
  machine.take({ kind: "trigger", trigger: "ctrlaltdel" });
  assert.deepEqual(machine.log, ["ca 2N"]);
  machine.take({ kind: "trigger", trigger: "kbrequest" });
  assert.deepEqual(machine.log, ["kb 2N"]);
  machine.take({ kind: "trigger", trigger: "power-fails" });
  assert.deepEqual(machine.log, ["pw 2N"]);
  assert.deepEqual(machine.end("pw").log, ["pf 2N"]);
  machine.take({ kind: "trigger", trigger: "power-is-back" });
  machine.take({ kind: "trigger", trigger: "power-fails-now" });
  assert.deepEqual(machine.log, ["po 2N"]);
  assert.deepEqual(machine.end("po").log, ["pn 2N"]);
  machine.end("ca", "kb", "w");
  assert.deepEqual(machine.request("3").log, ["level 32", "cb 32"]);
});

Deno.test("a, b and c start lines, and leave the runlevel", () => {
  const machine = new Machine(["id:2:initdefault", "o:A:ondemand", "w:BA:wait", "x:B:once"]);
  machine.log;
  assert.deepEqual(machine.request("a").log, ["o 2N", "w 2N"]);
  assert.deepEqual(machine.end("o", "w").log, ["o 2N"]);
  assert.deepEqual(machine.request("b").log, ["w 2N"]);
  assert.deepEqual(machine.end("w").log, ["x 2N"]);
  machine.end("x");
  // What telinit has asked for by a letter stays.
  assert.deepEqual(machine.request("3").log, ["level 32"]);
  assert.deepEqual(machine.end("o").log, ["o 32"]);
  assert.deepEqual(machine.request("").log, ["bad runlevel: "]);
});
