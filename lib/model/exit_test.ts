import assert from "node:assert/strict";
import { type Exit, isSuccess, sameExit } from "./exit.ts";

Deno.test("status 0 alone is success", () => {
  assert(isSuccess({ status: 0 }));
  for (const exit of [{ status: 1 }, { signal: 15 }] satisfies Exit[]) assert(!isSuccess(exit));
});

Deno.test("exits are the same by status or by signal; core does not count", () => {
  assert(sameExit({ status: 3 }, { status: 3 }));
  assert(sameExit({ signal: 11, core: true }, { signal: 11 }));
  assert(!sameExit({ status: 3 }, { status: 4 }));
  assert(!sameExit({ status: 9 }, { signal: 9 }));
  assert(!sameExit({ signal: 9 }, { status: 9 }));
});
