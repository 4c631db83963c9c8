/** References to jobs in a module's fields: what they become, and what is refused. */

import assert from "node:assert/strict";
import type { DefinedJob } from "./conditions.ts";
import { toDefinition } from "./definition.ts";
import { referredJobs } from "./references.ts";
import { completed } from "./dependencies.ts";
import { job } from "./job.ts";

const db = job({ exec: "db" });
const nameless = job({ exec: "x" });
const nameOf = (job: DefinedJob) => job === db ? "db" : undefined;

function define(specification: object) {
  return toDefinition(specification, { name: "api", source: "f", module: "f", nameOf });
}

Deno.test("jobs, functions that return them, names and completions become words", () => {
  const specification = {
    needs: [db, () => db, "redis", completed(db), completed("m")],
    wants: completed(() => db),
  };
  const { needs, wants } = define(specification);
  assert.deepEqual(needs, ["db", "db", "redis", "completed(db)", "completed(m)"]);
  assert.deepEqual(wants, ["completed(db)"]);
  assert.deepEqual(referredJobs(specification), [db, db, db, db]);
});

for (
  const [specification, message] of [
    [{ needs: 3 }, "needs must be a job, a job's name or completed(job), not 3"],
    [{ needs: [{}] }, "needs must be a job, a job's name or completed(job), not an object"],
    [{ after: completed(db) }, "after must be a job or a job's name, not an object"],
    [{ uses: "completed(db)" }, 'uses must be a job or a job\'s name, not "completed(db)"'],
    [{ needs: "completed(db" }, 'needs must be a job, a job\'s name or completed(job), not "completed(db"'],
    [{ needs: "redis, db" }, 'needs must be an array where it names several jobs, not "redis, db"'],
    [{ wants: "" }, 'wants must be a job, a job\'s name or completed(job), not ""'],
    [
      { conflicts: nameless },
      "conflicts refers to a job that has no name; give it one, or export it as its module's default",
    ],
    [
      { needs: completed },
      "needs must be a job, a job's name or completed(job), not the function completed itself; call it: completed(…)",
    ],
    [{ after: () => 3 }, "after refers to what is no job (3)"],
    [{ wants: () => completed(db) }, "wants refers to what is no job (an object)"],
    [
      { before: () => undefined },
      "before refers to a job that is not there (undefined); is it imported from a module that exports it?",
    ],
    [{ provides: db }, "provides must be text, not an object"],
  ] as const
) {
  Deno.test(`refused: ${message}`, () => {
    assert.throws(() => define(specification), { message });
  });
}
