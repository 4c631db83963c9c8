import { compareHistories } from "./check.ts";
console.log(compareHistories(Number(Deno.args[0] ?? 1), Number(Deno.args[1] ?? 200)));
