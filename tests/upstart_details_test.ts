/** Details of Upstart's behaviour that no recorded scenario shows. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";

Deno.test("patterns with hyphens match the values of events", async () => {
  await using init = await RunningInit.start({
    jobs: { "net.conf": "start on net-up IFACE=eth-*\ntask\nexec sh -c 'echo $IFACE >> @DIR@/seen'\n" },
  });
  await init.until(["status", "net"], "net stop/waiting\n");
  for (const name of ["lo", "eth-0", "eth-", "eth1"]) await init.ask("emit", "net-up", `IFACE=${name}`);
  assert.equal(init.read("seen"), "eth-0\neth-\n");
});

Deno.test("variables may have any name that the kernel takes", async () => {
  await using init = await RunningInit.start({
    // A shell would drop them.
    jobs: { "tell.conf": "start on go\ntask\nexec cp /proc/self/environ @DIR@/seen\n" },
  });
  await init.until(["status", "tell"], "tell stop/waiting\n");
  await init.ask("emit", "go", "a-b=1", "c d=2");
  const pairs = init.read("seen")?.split("\0").filter((pair) => /^(a-b|c d)=/.test(pair));
  assert.deepEqual(pairs, ["a-b=1", "c d=2"]);
});

Deno.test("an init that is verbose tells events, and the processes that it starts", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "start on go\nexec sleep 600\n" },
    arguments: ["--verbose"],
  });
  await init.until(["status", "web"], "web stop/waiting\n");
  await init.ask("emit", "go");
  assert.match(
    init.messages(),
    /init: Handling go event\n[^]*init: web main process \(\d+\)\n[^]*init: Handling started event\n/,
  );
});

Deno.test({
  name: "init says that it cannot be restarted in place, and lives on",
  ignore: !installed("dbus-send"),
  async fn() {
    await using init = await RunningInit.start();
    const call = await init.shell(
      'dbus-send --peer="$UPSTART_SESSION" --print-reply /com/ubuntu/Upstart com.ubuntu.Upstart0_6.Restart',
    );
    assert.equal(call.exit, 1);
    assert.match(call.stderr, /org\.freedesktop\.DBus\.Error\.NotSupported: Unable to restart init in place/);
    assert.match(await init.ask("version"), /upstart/);
  },
});

Deno.test("flags of Upstart's that mean nothing here are taken all the same", async () => {
  await using init = await RunningInit.start({
    arguments: [
      "--restart",
      "--state-fd=9",
      "--write-state-file",
      "--chroot-sessions",
      "--no-cgroups",
      "--session",
    ],
  });
  assert.match(await init.ask("version"), /upstart/);
  assert.equal(init.messages(), "");
});
