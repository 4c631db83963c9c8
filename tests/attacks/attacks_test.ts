/** Attacks by another user on the control socket and on HTTP: init answers root, and afterwards it is as it was before. */

import assert from "node:assert/strict";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { installed } from "../support/programs.ts";
import { ATTACKS, Siege } from "./siege.ts";
import { BURNING } from "./socket_attacks.ts";

/** So much more memory than before may be needed while an attack goes on, in MB. */
const MOST_MEMORY = 200;

/** How often root asks during each. */
const SAMPLES = 10;

Deno.test({
  name: "whatever another user does, root is answered, memory is bounded, and no descriptor is kept",
  ignore: !NAMESPACES_POSSIBLE || !installed("ip"),
  async fn(context) {
    await using siege = await Siege.begin(300);
    const { memory } = siege.needs();
    for (const name of ATTACKS.filter((name) => name !== BURNING)) {
      await context.step(name, async () => {
        const { latencies, meanwhile } = await siege.endure(name, 2, SAMPLES);
        assert.equal(latencies.length, SAMPLES);
        assert(meanwhile.memory < memory + MOST_MEMORY, `${meanwhile.memory} MB, before ${memory}`);
      });
    }
    assert.doesNotMatch(siege.init.messages(), /Internal error/);
  },
});
