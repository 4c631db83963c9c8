/** The cgroup and apparmor stanzas in a running init. */

import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readFileSync, rmdirSync } from "node:fs";
import process from "node:process";
import { cgroupDirectory, cgroupOf, cgroupTree } from "../lib/sys/machine/cgroups.ts";
import { RunningInit } from "./support/init.ts";

/** The mounted tree of version 2 that tests may make groups in; undefined where there is none. */
function tree(): string | undefined {
  const found = cgroupTree(), own = cgroupOf("self");
  if (!found || own === undefined) return undefined;
  const root = cgroupDirectory(found, own);
  try {
    closeSync(openSync(`${root}/cgroup.procs`, "r+"));
    return root;
  } catch {
    return undefined;
  }
}

const root = tree();
if (root === undefined) {
  console.log("no control group tree of version 2 can be written to: its test is skipped");
}

Deno.test({
  name: "a job's processes are in its control group, which goes when they have ended",
  ignore: root === undefined,
  async fn() {
    const name = `rouse-test-${process.pid}`;
    await using init = await RunningInit.start({
      jobs: {
        [`${name}.conf`]: "cgroup pids $UPSTART_CGROUP\ninstance $N\n" +
          "pre-start exec cp /proc/self/cgroup @DIR@/pre-start\n" +
          "script\n cp /proc/self/cgroup @DIR@/main\n echo > @DIR@/up\n exec sleep 600\nend script\n",
        "wrong.conf": "cgroup frob\nexec sleep 600\n",
      },
    });
    await init.until(["status", "wrong"], "wrong stop/waiting\n");
    assert.equal((await init.initctl("start", name, "N=1")).exit, 0);
    await init.untilLines("up", 1);
    const group = `${root}/upstart/${name}-1`;
    for (const file of ["pre-start", "main"]) {
      assert.match(readFileSync(init.path(file), "utf8"), new RegExp(`^0::.*/upstart/${name}-1$`, "m"), file);
    }
    assert(existsSync(group));
    assert.equal((await init.initctl("stop", name, "N=1")).exit, 0);
    assert(!existsSync(group));
    const wrong = await init.initctl("start", "wrong");
    assert.equal(wrong.exit, 1);
    assert.match(
      init.messages(),
      /Failed to spawn wrong main process: unable to use control group controller frob/,
    );
    try {
      rmdirSync(`${root}/upstart`);
    } catch {
      // It was there before.
    }
  },
});

Deno.test("apparmor stanzas are passed over with one warning where the kernel has no AppArmor", {
  ignore: existsSync("/sys/module/apparmor"),
}, async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "apparmor load /etc/apparmor.d/web\napparmor switch web\ntask\nexec true\n" },
  });
  await init.until(["status", "web"], "web stop/waiting\n");
  for (let time = 0; time < 3; time++) assert.equal((await init.initctl("start", "web")).exit, 0);
  assert.equal(init.messages().match(/Ignoring apparmor stanzas/g)?.length, 1, init.messages());
});
