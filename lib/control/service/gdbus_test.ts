/** The control service as gdbus(1) knows it, a client that others wrote. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import {
  INSTANCE_INTERFACE,
  instancePath,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
} from "../names.ts";
import { withService } from "../testing/service.ts";

/** Every method, as gdbus is given it, and what it prints. */
const GDBUS: Array<[path: string, method: string, args: string[], printed: RegExp]> = [
  [MANAGER_PATH, `${MANAGER_INTERFACE}.GetJobByName`, ["web"], /^\(objectpath '.*\/jobs\/web',\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.GetAllJobs`, [], /jobs\/web', '.*jobs\/many_2dx'/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.GetState`, [], /"jobs":\[\{"definition":\{"name":"web"/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.ReloadConfiguration`, [], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.Restart`, [], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.SetEnv`, ["@as []", "A=1", "true"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.SetEnvList`, ["@as []", "['B=2', 'C']", "false"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.GetEnv`, ["@as []", "B"], /^\('2',\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.UnsetEnv`, ["@as []", "A"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.UnsetEnvList`, ["@as []", "['B']"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.ListEnv`, ["@as []"], /^\(\['TERM=linux', 'C='\],\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.ResetEnv`, ["@as []"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.EmitEvent`, ["go", "['A=1']", "true"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.NotifyDiskWriteable`, [], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.NotifyDBusAddress`, ["unix:path=/x"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.NotifyCGroupManagerAddress`, ["unix:path=/x"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.EndSession`, [], /^\(\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.GetInstance`, ["['N=a/b']"], /^\(objectpath '.*\/a_2fb',\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.GetInstanceByName`, ["a/b"], /^\(objectpath '.*\/a_2fb',\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.GetAllInstances`, [], /^\(\[objectpath '.*\/a_2fb'\],\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.Start`, ["['N=c']", "true"], /^\(objectpath '.*\/many_2dx\/c',\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.Restart`, ["['N=c']", "true"], /^\(objectpath '.*\/many_2dx\/c',\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.Stop`, ["['N=c']", "true"], /^\(\)/],
  [instancePath("web", ""), `${INSTANCE_INTERFACE}.Restart`, ["true"], /^\(\)/],
  [instancePath("web", ""), `${INSTANCE_INTERFACE}.Reload`, [], /^\(\)/],
  [instancePath("web", ""), `${INSTANCE_INTERFACE}.Stop`, ["true"], /^\(\)/],
  [
    MANAGER_PATH,
    "org.freedesktop.DBus.Properties.Get",
    [MANAGER_INTERFACE, "version"],
    /^\(<'init \(upstart/,
  ],
];

const isInstalled = (process.env["PATH"] ?? "").split(":").some((folder) =>
  existsSync(join(folder, "gdbus"))
);

async function gdbus(...args: string[]): Promise<string> {
  return (await promisify(execFile)("gdbus", args)).stdout;
}

/** A test that is skipped where there is no gdbus. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !isInstalled, fn });
}

test("gdbus calls every method", () =>
  withService(async (init, address) => {
    const options = ["--address", address, "--dest", "com.ubuntu.Upstart", "--object-path"];
    for (const [path, method, args, printed] of GDBUS) {
      const output = await gdbus("call", ...options, path, "--method", method, ...args);
      assert.match(output, printed, method);
    }
    assert.deepEqual(init.called, ["reloadConfiguration", "restart", "notifyDiskWriteable", "endSession"]);
  }));

test("gdbus introspects all objects", () =>
  withService(async (_, address) => {
    const options = ["--address", address, "--dest", "com.ubuntu.Upstart", "--object-path", "/", "--recurse"];
    const output = await gdbus("introspect", ...options);
    for (
      const node of [
        "/com",
        MANAGER_PATH,
        jobPath("web"),
        instancePath("web", ""),
        instancePath("many-x", "a/b"),
      ]
    ) {
      assert.ok(output.includes(`node ${node} {`), `${node} is missing in ${output}`);
    }
    assert.match(output, /StateChanged\(s state\)/);
    assert.match(output, /readonly a\(si\) processes = \[\('main', 4242\)\]/);
  }));
