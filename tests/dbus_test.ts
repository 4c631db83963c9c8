/** D-Bus clients of others: gdbus (libglib2.0-bin) and dbus-send (dbus-bin), where they are installed. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";

const JOBS = { "web.conf": 'description "a site"\nexec sleep 600\n', "db-1.conf": "task\nexec true\n" };
const MANAGER = "/com/ubuntu/Upstart";

/** gdbus with what all calls to a peer need. It wants a destination even where there is no bus. */
async function gdbus(init: RunningInit, command: string, path: string, ...words: string[]): Promise<string> {
  const address = init.environment["UPSTART_SESSION"]!;
  const { exit, stdout, stderr } = await init.run(
    ["gdbus", command, "--address", address, "--dest", "com.ubuntu.Upstart", "--object-path", path, ...words],
  );
  assert.equal(exit, 0, stderr);
  return stdout;
}

Deno.test({
  name: "gdbus lists, starts, examines and stops jobs",
  ignore: !installed("gdbus"),
  async fn() {
    await using init = await RunningInit.start({ jobs: JOBS });
    await init.until(["status", "web"], "web stop/waiting\n");

    const jobs = await gdbus(init, "call", MANAGER, "--method", "com.ubuntu.Upstart0_6.GetAllJobs");
    const paths = [...jobs.matchAll(/'(.+?)'/g)].map(([, path]) => path).sort();
    assert.deepEqual(paths, [`${MANAGER}/jobs/db_2d1`, `${MANAGER}/jobs/web`]);

    const path = await gdbus(init, "call", MANAGER, "--method", "com.ubuntu.Upstart0_6.GetJobByName", "web");
    assert.equal(path, "(objectpath '/com/ubuntu/Upstart/jobs/web',)\n");

    const job = `${MANAGER}/jobs/web`;
    const started = await gdbus(
      init,
      "call",
      job,
      "--method",
      "com.ubuntu.Upstart0_6.Job.Start",
      "@as []",
      "true",
    );
    assert.equal(started, "(objectpath '/com/ubuntu/Upstart/jobs/web/_',)\n");

    const getAll = "org.freedesktop.DBus.Properties.GetAll";
    const instance = await gdbus(
      init,
      "call",
      `${job}/_`,
      "--method",
      getAll,
      "com.ubuntu.Upstart0_6.Instance",
    );
    assert.match(instance, /'goal': <'start'>/);
    assert.match(instance, /'state': <'running'>/);
    assert.match(instance, /'processes': <\[\('main', \d+\)\]>/);

    await gdbus(init, "call", job, "--method", "com.ubuntu.Upstart0_6.Job.Stop", "@as []", "true");
    assert.equal(await init.ask("status", "web"), "web stop/waiting\n");
  },
});

Deno.test({
  name: "gdbus introspects the manager, a job and an instance",
  ignore: !installed("gdbus"),
  async fn() {
    await using init = await RunningInit.start({ jobs: JOBS });
    await init.until(["status", "web"], "web stop/waiting\n");
    await init.ask("start", "web");

    const manager = await gdbus(init, "introspect", MANAGER);
    assert.match(manager, /interface com\.ubuntu\.Upstart0_6 \{/);
    for (const member of ["GetAllJobs", "GetJobByName", "EmitEvent", "JobAdded", "version", "log_priority"]) {
      assert.match(manager, new RegExp(`\\b${member}\\b`));
    }
    const job = await gdbus(init, "introspect", `${MANAGER}/jobs/web`);
    assert.match(job, /interface com\.ubuntu\.Upstart0_6\.Job \{/);
    assert.match(job, /readonly s description = 'a site';/);
    const instance = await gdbus(init, "introspect", `${MANAGER}/jobs/web/_`);
    assert.match(instance, /interface com\.ubuntu\.Upstart0_6\.Instance \{/);
    assert.match(instance, /readonly s state = 'running';/);
  },
});

Deno.test({
  name: "dbus-send is answered, and unknown methods and jobs get an error",
  ignore: !installed("dbus-send"),
  async fn() {
    await using init = await RunningInit.start({ jobs: JOBS });
    await init.until(["status", "web"], "web stop/waiting\n");
    const send = (...words: string[]) =>
      init.run(["dbus-send", `--peer=${init.environment["UPSTART_SESSION"]}`, "--print-reply", ...words]);

    const jobs = await send(MANAGER, "com.ubuntu.Upstart0_6.GetAllJobs");
    assert.match(jobs.stdout, /object path "\/com\/ubuntu\/Upstart\/jobs\/web"/);

    const job = await send(MANAGER, "com.ubuntu.Upstart0_6.GetJobByName", "string:nobody");
    assert.equal(job.exit, 1);
    assert.match(job.stderr, /^Error com\.ubuntu\.Upstart0_6\.Error\.UnknownJob: Unknown job: nobody/);

    const method = await send(MANAGER, "com.ubuntu.Upstart0_6.Nonsense");
    assert.match(method.stderr, /^Error org\.freedesktop\.DBus\.Error\.UnknownMethod/);

    const signature = await send(MANAGER, "com.ubuntu.Upstart0_6.GetJobByName", "int32:5");
    assert.match(signature.stderr, /^Error org\.freedesktop\.DBus\.Error\.(InvalidArgs|UnknownMethod)/);
    assert.equal((await init.initctl("version")).exit, 0);
  },
});
