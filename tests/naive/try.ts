import { compareHistories } from "./check.ts";
const t = performance.now();
try {
console.log(compareHistories(Number(Deno.args[0] ?? 1), Number(Deno.args[1] ?? 200)), performance.now() - t);
} catch (e) { console.log((e as Error).message.slice(0, 8000)); if ((e as Error).cause) console.log(((e as Error).cause as Error).stack); }
