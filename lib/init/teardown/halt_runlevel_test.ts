import assert from "node:assert/strict";
import type { Notice } from "../../model/requests.ts";
import { HaltRunlevel } from "./halt_runlevel.ts";

/** What a {@link HaltRunlevel} makes of an event: the command, or undefined if it does not count. */
function after(event: string, ...environment: string[]): string | undefined {
  let tell: (notice: Notice) => void = () => {};
  let reached = false;
  const last = new HaltRunlevel(
    {
      observe(listener) {
        tell = listener;
        return () => {};
      },
    },
    () => reached = true,
  );
  tell({ kind: "event-emitted", event, environment });
  return reached ? last.command : undefined;
}

Deno.test("runlevels 0 and 6 end the system, each in its way", () => {
  assert.equal(after("runlevel", "RUNLEVEL=0", "PREVLEVEL=2"), "power-off");
  assert.equal(after("runlevel", "RUNLEVEL=0", "PREVLEVEL=2", "INIT_HALT=POWEROFF"), "power-off");
  assert.equal(after("runlevel", "RUNLEVEL=0", "PREVLEVEL=2", "INIT_HALT=HALT"), "halt");
  assert.equal(after("runlevel", "RUNLEVEL=6", "PREVLEVEL=N"), "restart");
});

Deno.test("other runlevels and other events do not", () => {
  for (const level of ["1", "2", "S", "", "00", "60"]) {
    assert.equal(after("runlevel", `RUNLEVEL=${level}`), undefined);
  }
  assert.equal(after("runlevel"), undefined);
  assert.equal(after("runlevel/failed", "RUNLEVEL=0"), undefined);
});
