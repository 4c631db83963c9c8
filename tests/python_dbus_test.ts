/** Python's D-Bus binding (python3-dbus), which checks messages by libdbus, as a client. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { RunningInit } from "./support/init.ts";

const PYTHON = "/usr/bin/python3";

/** Debian's package has no program of its own. */
const isInstalled = existsSync(PYTHON) && existsSync("/usr/lib/python3/dist-packages/dbus/__init__.py");

/** Prints a line for each answer, and of errors the name. */
const CLIENT = `
import dbus, dbus.connection, os
init = dbus.connection.Connection(os.environ["UPSTART_SESSION"])
MANAGER, ROUSE = "com.ubuntu.Upstart0_6", "org.rouse.Control1"
JOB, INSTANCE, PROPERTIES = MANAGER + ".Job", MANAGER + ".Instance", "org.freedesktop.DBus.Properties"
ROOT = "/com/ubuntu/Upstart"

def plain(value):
    if isinstance(value, dbus.Struct): return tuple(map(plain, value))
    if isinstance(value, dbus.Array): return list(map(plain, value))
    if isinstance(value, dbus.Dictionary): return {plain(key): plain(value[key]) for key in sorted(value)}
    if isinstance(value, dbus.Boolean): return bool(value)
    return int(value) if isinstance(value, int) else str(value)

def call(path, interface, member, signature, *values):
    try:
        print(member, plain(init.call_blocking(None, path, interface, member, signature, values)))
    except dbus.DBusException as error:
        print(member, error.get_dbus_name(), error.get_dbus_message())

call(ROOT, MANAGER, "GetAllJobs", "")
call(ROOT, MANAGER, "GetJobByName", "s", "w\\u00e9b")
call(ROOT + "/jobs/w_c3_a9b", JOB, "Start", "asb", dbus.Array(["N=\\u00fc", "M=1"], "s"), True)
call(ROOT + "/jobs/w_c3_a9b", PROPERTIES, "GetAll", "s", JOB)
call(ROOT + "/jobs/w_c3_a9b/_c3_bc", PROPERTIES, "Get", "ss", INSTANCE, "state")
call(ROOT, ROUSE, "GetStatus", "asas", ["w\\u00e9b", "none"], dbus.Array([], "s"))
call(ROOT, PROPERTIES, "Set", "ssv", MANAGER, "log_priority", dbus.String("info", variant_level=1))
call(ROOT, PROPERTIES, "Set", "ssv", MANAGER, "log_priority", dbus.UInt64(2**64 - 1, variant_level=1))
nested = dbus.Dictionary({"a": dbus.Array([(dbus.Double(0.5), dbus.Byte(7))], "(dy)")}, "sv", variant_level=3)
call(ROOT, PROPERTIES, "Set", "ssv", MANAGER, "log_priority", nested)
call(ROOT, PROPERTIES, "Get", "ss", MANAGER, "log_priority")
call(ROOT, MANAGER, "SetEnvList", "asasb", dbus.Array([], "s"), ["PYTHON=" + "x" * 100000], True)
print(len(init.call_blocking(None, ROOT, MANAGER, "GetEnv", "ass", (dbus.Array([], "s"), "PYTHON"))))
call(ROOT, MANAGER, "EmitEvent", "sasb", "done", dbus.Array([], "s"), True)
call(ROOT + "/jobs/w_c3_a9b", JOB, "Stop", "asb", ["N=\\u00fc"], True)
call(ROOT, "org.freedesktop.DBus.Peer", "Ping", "")
`;

Deno.test({
  name: "Python's D-Bus binding calls, gets and sets values of many types, and is told errors",
  ignore: !isInstalled,
  async fn() {
    const jobs = {
      "wéb.conf": 'description "a sïte"\ninstance $N\nemits gone\nstart on up and A=1\nexec sleep 600\n',
    };
    await using init = await RunningInit.start({ jobs });
    await init.until(["list"], "wéb stop/waiting\n");
    const { exit, stdout, stderr } = await init.run([PYTHON, "-c", CLIENT]);
    assert.equal(exit, 0, stderr);
    const job = "/com/ubuntu/Upstart/jobs/w_c3_a9b";
    const properties = "{'author': '', 'description': 'a sïte', 'emits': ['gone'], 'name': 'wéb', " +
      "'start_on': [['up'], ['A=1'], ['/AND']], 'stop_on': [], 'usage': '', 'version': ''}";
    const invalid = "Set org.freedesktop.DBus.Error.InvalidArgs Invalid arguments to log_priority property";
    assert.deepEqual(stdout.split("\n"), [
      `GetAllJobs ['${job}']`,
      `GetJobByName ${job}`,
      `Start ${job}/_c3_bc`,
      `GetAll ${properties}`,
      "Get running",
      "GetStatus com.ubuntu.Upstart0_6.Error.UnknownInstance Unknown instance: none",
      "Set None",
      invalid,
      invalid,
      "Get info",
      "SetEnvList None",
      "100000",
      "EmitEvent None",
      "Stop None",
      "Ping None",
      "",
    ]);
  },
});
