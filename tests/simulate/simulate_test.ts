/** Simulations of the whole init: a few seeds of `deno task simulate`, and that broken rules are noticed. */

import assert from "node:assert/strict";
import { type Action, randomHistory } from "./actions.ts";
import { JOBS, randomJob } from "./definitions.ts";
import { Random } from "./random.ts";
import { shrink } from "./shrink.ts";
import { Simulation } from "./simulation.ts";

/** So much virtual time a seed has, in hours. */
const HOURS = 0.05;

/** The seeds. Others are for the task. */
const SEEDS = Array.from({ length: 8 }, (_, index) => 1000 + index);

for (const seed of SEEDS) {
  Deno.test(`all rules hold in the history of seed ${seed}`, async () => {
    const { violations } = await new Simulation(seed, randomHistory(seed, HOURS)).run();
    assert.deepEqual(violations, [], `deno task simulate --seed ${seed} --hours ${HOURS}`);
  });
}

Deno.test("the same seed has the same history, and another seed another one", async () => {
  const [one, same, other] = [1, 1, 2].map((seed) => new Simulation(seed, randomHistory(seed, HOURS)));
  const digests: string[] = [];
  for (const simulation of [one!, same!, other!]) digests.push((await simulation.run()).digest);
  assert.equal(digests[0], digests[1]);
  assert.notEqual(digests[0], digests[2]);
});

Deno.test("random jobs are jobs, for the most part", async () => {
  const random = new Random(7);
  const actions = JOBS.map((job): Action => ({
    at: 0,
    kind: "write",
    file: `${job}.conf`,
    text: randomJob(random),
    inPlace: true,
  }));
  const { messages } = await new Simulation(7, actions).run();
  assert.deepEqual(messages.filter((line) => line.startsWith("init:/")), []);
});

const JOB: Action = {
  at: 0,
  kind: "write",
  file: "alpha.conf",
  text: "start on startup\nconsole log\nexec work lines=20 every=100\n",
  inPlace: true,
};
const STOP: Action = {
  at: 500,
  kind: "request",
  uid: 0,
  what: "stop",
  name: "alpha",
  environment: [],
  wait: true,
  times: 1,
  slowness: 0,
};

/** Ways in which a world could be broken, and the words of the rule that must notice it. */
const SABOTAGES: Array<[rule: RegExp, sabotage: (simulation: Simulation) => void]> = [
  [/waited for/, ({ world: { kernel } }) => kernel.processes.wait = () => undefined],
  [/logs hold/, ({ world: { kernel } }) => {
    const { tell } = kernel.disk;
    // All but the beginning is gone.
    kernel.disk.tell = (inode, ...rest) => {
      if (rest[2].endsWith(".log")) inode.truncate(Math.min(inode.size, 20));
      tell(inode, ...rest);
    };
  }],
  [/can be asked/, ({ world: { kernel } }) => kernel.socketAt = () => -111],
  [
    /answered once/,
    ({ performer }) =>
      performer.calls.push({
        call: { body: [], path: "", interface: "", member: "Twice", signature: "" },
        uid: 0,
        answers: 2,
        isOver: true,
      }),
  ],
  [/rests/, ({ world: { kernel } }) => {
    const tick = () => {
      for (let count = 0; count < 2000; count++) kernel.trace(1, "spin", 0);
      kernel.clock.after(100, tick);
    };
    tick();
  }],
  [
    /naive/,
    ({ history }) => {
      const now = { monotonic: 0, wall: 0 };
      history.push({ input: { kind: "timer", timer: 1 }, now, effects: [{ kind: "clear-timer", timer: 1 }] });
    },
  ],
  [/never waits/, ({ world: { kernel } }) => {
    const { call } = kernel;
    kernel.call = function (name, made) {
      return name === "epoll_pwait" && made.args[3] === 0 ? { wait() {} } : call.call(this, name, made);
    };
  }],
];

for (const [rule, sabotage] of SABOTAGES) {
  Deno.test(`a broken world is noticed: ${rule.source}`, async () => {
    const simulation = new Simulation(1, [JOB, STOP]);
    sabotage(simulation);
    const { violations } = await simulation.run();
    assert.match(violations[0]?.rule ?? "no rule is broken", rule);
  });
}

Deno.test("a failure is shrunk to the actions that it needs", async () => {
  const history = [JOB, ...randomHistory(5, 0.005), STOP].sort((one, other) => one.at - other.at);
  const isNeeded = (action: Action) => action === STOP;
  const outcome = { violations: [{ rule: "made up", how: "", time: Infinity }] };
  const kept = await shrink(history, outcome, (actions) => Promise.resolve(actions.some(isNeeded)));
  assert.deepEqual(kept.map((index) => history[index]), [STOP]);
});
