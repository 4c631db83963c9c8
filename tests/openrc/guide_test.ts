/** docs/openrc.md: its first steps do what it shows. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { MINIMAL_ROOT_POSSIBLE } from "../support/minimal_root.ts";
import { transcripts } from "../support/transcript.ts";
import { OpenrcRoot } from "./openrc_root.ts";

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../../docs/openrc.md"), "utf8");

Deno.test({
  name: "the first steps of the guide to OpenRC lead from a script to a service that runs",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  async fn() {
    const [, script] = /^```sh\n#!\/sbin\/openrc-run\n([^]*?)^```$/m.exec(GUIDE)!;
    await using root = await OpenrcRoot.make({ scripts: { nap: script! } });
    await root.shell("rm -r /sbin/* /etc/runlevels");
    const early = await root.shell(
      "/usr/local/bin/rouse openrc openrc-run /etc/init.d/nap start; rm -r /run/openrc",
    );
    assert.match(early.stderr + early.stdout, /You are attempting to run an openrc service/);
    const steps = transcripts(GUIDE);
    assert(steps.length > 4);
    for (const { command, told } of steps) {
      const { exit, stdout, stderr } = await root.shell(`PATH=$PATH:/usr/local/bin; ${command} 2>&1`);
      assert.deepEqual({ exit, said: stdout + stderr }, { exit: 0, said: told }, command);
    }
    await root.shell("openrc shutdown");
  },
});
