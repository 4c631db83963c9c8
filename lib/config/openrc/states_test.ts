/** The states of services in a directory as OpenRC has it. */

import assert from "node:assert/strict";
import { existsSync, lstatSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inDirectory } from "../../sys/testing/directory.ts";
import { ServiceStates } from "./states.ts";

const SCRIPT = "/etc/init.d/a";

Deno.test(
  "a state is a link to the script, and only the last one remains",
  inDirectory((directory) => {
    const states = new ServiceStates(directory);
    states.prepare();
    assert.equal(states.state("a"), "stopped");
    states.setState("a", SCRIPT, "starting");
    assert.equal(states.state("a"), "starting");
    states.setState("a", SCRIPT, "started");
    assert.equal(states.state("a"), "started");
    assert.equal(readlinkSync(join(directory, "started/a")), SCRIPT);
    assert.ok(!existsSync(join(directory, "starting/a")));
    assert.deepEqual(states.services("started"), ["a"]);
    assert.equal(states.script("a"), SCRIPT);
  }),
);

Deno.test(
  "an inactive service that begins something was inactive",
  inDirectory((directory) => {
    const states = new ServiceStates(directory);
    states.setState("a", SCRIPT, "inactive");
    states.setState("a", SCRIPT, "stopping");
    assert.ok(states.is("wasinactive", "a"));
    assert.equal(states.state("a"), "stopping");
    states.setState("a", SCRIPT, "inactive");
    assert.ok(!states.is("wasinactive", "a"));
  }),
);

Deno.test(
  "a stopped service has no values, and starts with no other one",
  inDirectory((directory) => {
    const states = new ServiceStates(directory);
    states.setState("a", SCRIPT, "started");
    states.setValue("a", "key", "one\ntwo");
    assert.equal(states.value("a", "key"), "one\ntwo");
    states.schedule("b", "/etc/init.d/b", "a");
    assert.ok(states.is("scheduled", "b"));
    assert.deepEqual(states.scheduledBy("a"), ["b"]);
    states.setState("b", "/etc/init.d/b", "stopped");
    assert.deepEqual(states.scheduledBy("a"), []);
    states.setState("a", SCRIPT, "stopped");
    assert.equal(states.value("a", "key"), undefined);
  }),
);

Deno.test(
  "links in place of a value or a lock are not followed",
  inDirectory((directory) => {
    const states = new ServiceStates(directory), other = join(directory, "other");
    states.prepare();
    writeFileSync(other, "theirs");
    states.setValue("a", "key", "ours");
    symlinkSync(other, join(directory, "options/a/link"));
    assert.equal(states.value("a", "link"), undefined);
    states.setValue("a", "link", "ours");
    assert.ok(!lstatSync(join(directory, "options/a/link")).isSymbolicLink());
    symlinkSync(other, join(directory, "exclusive/a"));
    assert.throws(() => states.lock("a").take(), { code: "ELOOP" });
    assert.equal(readFileSync(other, "utf8"), "theirs");
  }),
);

Deno.test(
  "a lock excludes others until it is let go of",
  inDirectory(async (directory) => {
    const states = new ServiceStates(directory), ours = states.lock("a"), theirs = states.lock("a");
    assert.ok(!ours.isHeld);
    assert.ok(ours.take());
    assert.ok(!theirs.take());
    assert.ok(theirs.isHeld);
    assert.equal(await theirs.wait(0, () => {}), false);
    ours.release();
    assert.ok(await theirs.wait(60, () => {}));
    assert.ok(theirs.take());
    theirs.release();
    assert.ok(!existsSync(join(directory, "exclusive/a")));
  }),
);
