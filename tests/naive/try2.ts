import fc from "fast-check";
import { histories } from "./arbitraries.ts";
import { History } from "./history.ts";
import { compareTrace } from "./compare.ts";
const t0 = performance.now();
const s = fc.sample(histories, { seed: 3, numRuns: 200 });
console.log("gen", performance.now() - t0, s.map((x) => x.steps.length).join(" "));
const t = performance.now();
const hs = s.map(({ definitions, steps }) => {
  const h = new History(definitions);
  for (const x of steps) h.step(x);
  return h;
});
console.log("real", performance.now() - t);
const kinds: Record<string, number> = {};
for (const h of hs) {
  for (const e of h.entries) {
    if ("input" in e) {
      for (const f of e.effects) {
        const k = f.kind === "notice"
          ? (f.notice.kind === "state-changed" ? f.notice.state : f.notice.kind)
          : f.kind;
        kinds[k] = (kinds[k] ?? 0) + 1;
      }
    }
  }
}
console.log(kinds);
const t1 = performance.now();
let d = 0;
for (const h of hs) {
  const c = compareTrace(h.trace);
  if (c.difference) d++;
}
console.log("naive", performance.now() - t1, "different", d);
