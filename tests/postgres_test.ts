/** PostgreSQL below init: ready when pg_isready says so, back when it was killed, and those who need it with it. */

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { until } from "./support/deadline.ts";
import { installed, programs } from "./support/programs.ts";

/** Where Debian has the programs of the newest version. */
const VERSIONS = "/usr/lib/postgresql";
const BIN = existsSync(VERSIONS) ? `${VERSIONS}/${readdirSync(VERSIONS).sort().at(-1)}/bin` : undefined;

/** A server refuses to run as root, and a user namespace has no other user. */
const POSSIBLE = BIN !== undefined && existsSync(`${BIN}/postgres`) && CONTAINERS_POSSIBLE &&
  Deno.uid() === 0 && installed("nsenter");

const JOBS: Record<string, string> = {
  "database.ts": `import { command, job } from "rouse";
export default job({
  user: "postgres",
  preStart: { script: "test -d /run/db/data || ${BIN}/initdb --no-sync --auth trust -D /run/db/data" },
  exec: "${BIN}/postgres -D /run/db/data -k /run/db -c listen_addresses=",
  ready: command("${BIN}/pg_isready --host /run/db"),
  killSignal: "INT",
  respawn: true,
});
`,
  "reader.ts": `import { job, startup } from "rouse";
import database from "./database.ts";
export default job({
  startOn: startup,
  needs: database,
  user: "postgres",
  exec: "${BIN}/psql --host /run/db --no-psqlrc --command 'SELECT pg_sleep(1000)'",
  respawn: true,
});
`,
};

/** What a start takes on a busy machine. */
const LONG = 90_000;

Deno.test({
  name: "PostgreSQL is ready when pg_isready says so, and comes back with those who need it (needs postgres)",
  ignore: !POSSIBLE,
  async fn() {
    const files = Object.entries(JOBS).map(([name, text]) => `cat > /run/jobs/${name} <<'END'\n${text}END`);
    using container = new Container(["init", "--confdir", "/run/jobs", "--verbose"], {
      prepare: ["mkdir /run/jobs", "install -d -o postgres /run/db", ...files, "exec 2>&1"].join("\n"),
    });
    const shell = async (line: string) => {
      const { exit, stdout, stderr } = await container.run("sh", "-c", `PATH=${programs()}:$PATH; ${line}`);
      assert.equal(exit, 0, `${stderr}\n${container.stdout}`);
      return stdout;
    };
    const up = (job: string, other?: string) =>
      until(`${job} is up`, async () => {
        const pid = /start\/running, process (\d+)/.exec(await shell(`initctl status ${job}`))?.[1];
        return pid !== other && pid;
      }, LONG).catch((error: Error) => assert.fail(`${error.message}; the log is\n${container.stdout}`));

    await until("the reader runs", () => container.stdout.includes("reader main process"), LONG);
    const reader = await up("reader");
    const database = await up("database");
    assert.ok(container.stdout.search(/database is ready/) < container.stdout.search(/reader main process/));
    // Its other processes hold the memory that the next one needs.
    await shell(`kill -9 ${database}`);
    await up("reader", reader);
    await up("database", database);
    // Without its server the reader ends by itself, and is respawned. One that came too early would have failed.
    assert.doesNotMatch(container.stdout, /psql: error: connection to server/);
    await container.signal("SIGTERM");
    assert.equal(await container.ended(LONG), 0);
    assert.match(container.stdout, /database system is shut down/);
  },
});
