/**
 * Attacks init by all means that users other than root have: `deno task attack [ATTACK]...`. The table tells how long root waits
 * for the answer to `status` alone, beside as many processes that only use the processors, and under each attack.
 */

import { pause } from "../support/deadline.ts";
import { ATTACKS, quantile, Siege } from "./siege.ts";

const JOBS = 1000, ATTACKERS = 8, SAMPLES = 300;

const chosen = Deno.args.length > 0
  ? ATTACKS.filter((name) => Deno.args.some((part) => name.includes(part)))
  : ATTACKS;
await using siege = await Siege.begin(JOBS);
const row = (name: string, ...cells: unknown[]) =>
  console.log(name.padEnd(36) + cells.map((cell) => String(cell).padStart(9)).join(""));
const ms = (time: number) => time.toFixed(2);
row("attack", "p50 ms", "p99 ms", "max ms", "MB", "then", "fds", "then");
const alone = await siege.sample(SAMPLES);
row("none", ms(quantile(alone, 0.5)), ms(quantile(alone, 0.99)), ms(alone.at(-1)!));
for (const name of chosen) {
  const { latencies, before, meanwhile } = await siege.endure(name, ATTACKERS, SAMPLES);
  await pause(3000);
  const after = siege.needs();
  row(
    name,
    ms(quantile(latencies, 0.5)),
    ms(quantile(latencies, 0.99)),
    ms(latencies.at(-1)!),
    `${before.memory.toFixed(0)}>${meanwhile.memory.toFixed(0)}`,
    after.memory.toFixed(0),
    `${before.descriptors}>${meanwhile.descriptors}`,
    after.descriptors,
  );
}
