/** Tests of a file that wait for processes and timers most of the time, some of them at once. */

import { pool } from "./pool.ts";

/** How far ahead of the test being awaited others are begun. */
const AHEAD = 24;

/** A test that has all that it uses to itself. */
export interface Independent {
  name: string;
  ignore: boolean;
  fn(): Promise<void>;
}

/** Registers tests, of which so many run at once. They are told in their order. */
export function registerTogether(tests: readonly Independent[], atATime: number): void {
  const inTurn = pool(atATime);
  const begun = new Map<Independent, Promise<void>>();

  const begin = (test: Independent) => {
    if (test.ignore || begun.has(test)) return;
    const end = inTurn(test.fn);
    // Told when it is its turn.
    end.catch(() => {});
    begun.set(test, end);
  };

  for (const [index, test] of tests.entries()) {
    Deno.test({
      name: test.name,
      ignore: test.ignore,
      sanitizeOps: false,
      sanitizeResources: false,
      async fn() {
        for (const next of tests.slice(index, index + AHEAD)) begin(next);
        await begun.get(test);
      },
    });
  }

  Deno.test.afterAll(async () => {
    await Promise.allSettled(begun.values());
  });
}
