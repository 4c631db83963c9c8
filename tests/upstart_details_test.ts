/** Details of Upstart's behaviour that no recorded scenario shows. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { MANAGER_INTERFACE, MANAGER_PATH } from "../lib/control/names.ts";
import { connectBeside } from "../lib/control/testing/socket_client.ts";
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
  name: "Restart of D-Bus is answered, and init goes on in its place",
  ignore: !installed("dbus-send"),
  async fn() {
    await using init = await RunningInit.start();
    const call = await init.shell(
      'dbus-send --peer="$UPSTART_SESSION" --print-reply /com/ubuntu/Upstart com.ubuntu.Upstart0_6.Restart',
    );
    assert.equal(call.exit, 0, call.stderr);
    assert.match(call.stdout, /^method return /);
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

Deno.test("all jobs of an event start, although one's instance has no name", async () => {
  const service = "start on go\nexec sleep 600\n";
  await using init = await RunningInit.start({
    jobs: { "a.conf": service, "b.conf": `instance $NAME\n${service}`, "c.conf": service },
  });
  await init.ask("emit", "go");
  assert.match(
    await init.ask("list"),
    /^a start\/running, process \d+\nb stop\/waiting\nc start\/running, process \d+\n$/,
  );
  assert.match(init.messages(), /\bb\b.*NAME/);
});

Deno.test("a configuration directory that is made again is read at once", async () => {
  await using init = await RunningInit.start({ jobs: { "a.conf": "exec true\n" } });
  rmSync(init.confdir, { recursive: true });
  await init.untilMessage(/Configuration directory deleted/);
  mkdirSync(init.confdir);
  init.write("b.conf", "exec true\n");
  await init.until(["list"], "b stop/waiting\n");
});

Deno.test("an override that is broken and has no job yet is told", async () => {
  await using init = await RunningInit.start({ jobs: { "a.override": "manual\nfrob\n" } });
  await init.untilMessage(/a\.override:2: Unknown stanza\n/);
  init.write("b.override", "nice x\n");
  await init.untilMessage(/b\.override:1: Illegal nice value/);
});

Deno.test("lines may end in CR LF, but within a script the shell gets the CR", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "a.conf": "task\r\nenv NAME=x\r\nexec touch @DIR@/exec-$NAME\r\n",
      "b.conf": "task\r\nscript\r\n  touch @DIR@/script\r\nend script\r\n",
    },
  });
  await init.ask("start", "a");
  await init.ask("start", "b");
  const made = readdirSync(init.directory).filter((name) => /^(exec|script)/.test(name)).sort();
  assert.deepEqual(made, ["exec-x", "script\r"]);
});

Deno.test("GetState tells of sessions and of the files in each configuration directory, as Upstart does", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "exec sleep 600\n", "broken.conf": "nonsense\n" },
  });
  await init.until(["status", "web"], "web stop/waiting\n");
  await init.ask("set-env", "MODE=test");
  const client = await connectBeside(init.environment["UPSTART_SESSION"]!);
  const [text] = await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetState");
  client.close();
  const state = JSON.parse(text as string);
  assert.deepEqual(state.sessions, []);
  assert.ok(state.job_environment.includes("MODE=test"));
  const [source, ...others] = state.conf_sources;
  assert.deepEqual(others, []);
  const { path, type, session, conf_files: files } = source;
  assert.deepEqual({ path, type, session }, { path: init.confdir, type: "CONF_JOB_DIR", session: 0 });
  const byPath = (one: { path: string }, other: { path: string }) => one.path < other.path ? -1 : 1;
  assert.deepEqual(files.sort(byPath), [
    { path: `${init.confdir}/broken.conf`, conf_source: 0, flag: 1 },
    { path: `${init.confdir}/web.conf`, conf_source: 0, flag: 1, job_class: { name: "web", session: 0 } },
  ]);
});
