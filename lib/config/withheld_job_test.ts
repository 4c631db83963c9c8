import assert from "node:assert/strict";
import { emptyJob } from "../model/job.ts";
import { WithheldJob } from "./withheld_job.ts";

const bare = emptyJob("main", "command line");
const full = { ...bare, usage: "full" }, newer = { ...bare, usage: "newer" };

/** A withheld job, and what it makes of changes: `usage`s by names, `-` for a job that goes. */
function withheld() {
  const world = { isSound: true };
  const job = new WithheldJob(bare, () => world.isSound);
  const told = (...definitions: Array<typeof bare | undefined>) =>
    job.filter(definitions.map((definition) => ({ name: "main", definition })))
      .map(({ name, definition }) => `${name} ${definition ? definition.usage ?? "bare" : "-"}`);
  return { world, job, told };
}

Deno.test("nothing is told before everything has been read", () => {
  const { job, told } = withheld();
  assert.deepEqual(told(bare, full), []);
  job.release();
  assert.deepEqual(told(), ["main full"]);
  assert.deepEqual(told(), []);
});

Deno.test("nor while a file is wrong; then what was last found counts", () => {
  const { world, job, told } = withheld();
  world.isSound = false;
  job.release();
  assert.deepEqual(told(bare), []);
  world.isSound = true;
  assert.deepEqual(told(full), ["main full"]);
  world.isSound = false;
  assert.deepEqual(told(bare, newer), []);
  world.isSound = true;
  assert.deepEqual(told(), ["main newer"]);
});

Deno.test("the bare job goes when a file comes that is wrong, and others pass", () => {
  const { world, job, told } = withheld();
  job.release();
  assert.deepEqual(told(bare), ["main bare"]);
  world.isSound = false;
  assert.deepEqual(told(), ["main -"]);
  const other = { name: "other", definition: undefined };
  assert.deepEqual(job.filter([other]), [other]);
  world.isSound = true;
  assert.deepEqual(told(full), ["main full"]);
});
