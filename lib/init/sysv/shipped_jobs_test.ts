import assert from "node:assert/strict";
import { SHIPPED_JOBS } from "../../../jobs/shipped.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import { SHIPPED_NAMES, shippedBoot } from "./shipped_jobs.ts";

Deno.test("every job that ships belongs to a group, and is there", () => {
  assert.deepEqual(Object.keys(SHIPPED_JOBS).sort(), [...SHIPPED_NAMES].sort());
});

Deno.test("a machine without jobs of its own has all in force, and boots to the level that something says, or 2", () => {
  using directory = new TemporaryDirectory();
  assert.deepEqual(shippedBoot([directory.path]), {
    jobs: SHIPPED_NAMES,
    variables: ["DEFAULT_RUNLEVEL=2"],
  });
  assert.deepEqual(shippedBoot([], "5").variables, ["DEFAULT_RUNLEVEL=5"]);
});

Deno.test("jobs of the machine's own put out those that would do the same, whatever their format", () => {
  using directory = new TemporaryDirectory();
  directory.write("rcS.conf", "");
  directory.write("tty3.ts", "");
  // An override changes the job that ships.
  directory.write("control-alt-delete.override", "");
  assert.deepEqual(shippedBoot(["/no/such/directory", directory.path]).jobs, ["control-alt-delete"]);
});
