/** A further format in the programs for job files (build, convert, check) and in `rouse/testing`. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { FORMATS } from "../config/formats.ts";
import { toy } from "../config/testing/toy_format.ts";
import { formatInFull } from "../formats/diagnostic.ts";
import { TemporaryDirectory } from "../sys/testing/directory.ts";
import { bench } from "../testing/jobs.ts";
import { jobsBelow } from "../testing/sources.ts";
import { convertTool } from "./authoring/convert.ts";
import { findJobs } from "./build/compile.ts";
import { inspect } from "./check/inspection.ts";
import { runTool } from "./tool.ts";

const formats = [...FORMATS, toy];

const FILES = {
  "web.toy": "# the shop\nuse toy\nafter db\n",
  "db.toy": "# the data\nuse data\nalso more second\nrun db --fast\n",
  "mail.toy": "use toy\n",
  "mail.conf": "usage conf\n",
};

function test(
  name: string,
  files: Readonly<Record<string, string>>,
  run: (directory: TemporaryDirectory) => Promise<void>,
) {
  Deno.test(name, async () => {
    using directory = new TemporaryDirectory();
    for (const [path, text] of Object.entries(files)) directory.write(path, text);
    await run(directory);
  });
}

test("build compiles its jobs in, after those of formats before it", FILES, async ({ path }) => {
  const jobs = await findJobs(path, [], formats);
  assert.deepEqual(Object.keys(jobs).sort(), ["db", "mail", "more", "web"]);
  const text = (job: string) => (jobs[job] as { text: string }).text;
  assert.match(text("web"), /startOn: started\("db"\),/);
  assert.match(text("more"), /usage: "second"/);
  assert.match(text("mail"), /usage: "conf"/);
});

test("build tells of its errors, and of overrides", {
  "web.toy": "use a\nbogus\n",
  "web.toy+": "use b\n",
}, async ({ path }) => {
  const faults = `${path}/web.toy:2: Unknown word: bogus\n` +
    `${path}/web.toy+: an override is not compiled in; change the job itself`;
  await assert.rejects(findJobs(path, [], formats), { message: faults });
});

test("convert makes modules of its files, with comments and imports", {
  ...FILES,
  "web.toy+": "use more\n",
}, async (directory) => {
  const output = directory.at("out");
  const convert = (...args: string[]) => runTool(convertTool(formats), [...args, "-o", output]);
  fs.rmSync(directory.at("mail.conf"));
  assert.equal(await convert(directory.path), 0);
  assert.deepEqual(fs.readdirSync(output).sort(), ["db.ts", "mail.ts", "more.ts", "web.toy+", "web.ts"]);
  const web = fs.readFileSync(`${output}/web.ts`, "utf8");
  assert.match(web, /^\/\/ the shop\n\nimport .*\nimport db from "\.\/db\.ts";\n/);
  assert.match(web, /startOn: started\(db\)/);
});

test("check reads its files, and finds the lines in them", {
  "jobs/web.toy": "# the shop\nafter nobody\nmost 18446744073709551615\nrun a && b\n",
  "jobs/db.toy": "use data\nbogus\n",
  "jobs/mail.toy": "use mail\nscript fi\n",
}, async ({ path }) => {
  const told = async (...paths: string[]) => {
    const { jobs, errors, warnings } = await inspect(paths, { scripts: true, types: false, formats });
    return [
      jobs,
      ...[...errors, ...warnings].map((found) => formatInFull(found).replaceAll(`${path}/jobs/`, "")),
    ];
  };
  const [jobs, ...lines] = await told(`${path}/jobs`) as [number, ...string[]];
  assert.equal(jobs, 2);
  const places = lines.map((line) =>
    /^\S+: (?:start on|limit|exec|main script|Unknown word)/.exec(line)?.[0]
  );
  assert.deepEqual(places, [
    "db.toy:2: Unknown word",
    "mail.toy:2: main script",
    "web.toy:2: start on",
    "web.toy:3: limit",
    "web.toy:4: exec",
  ]);
  assert.deepEqual(await told(`${path}/jobs/db.toy`), [0, "db.toy:2: Unknown word: bogus"]);
  assert.deepEqual(await told(`${path}/jobs/x.other`), [0, "x.other: No such file or directory"]);
  const [, problem] = await told(path + "/jobs/../jobs/web.toy", "/dev/null");
  assert.match(String(problem), /\.conf, \.upstart, \.toy, \.override, \.toy\+ or \.ts/);
});

test("jobs of a directory are put on a bench", FILES, async ({ path }) => {
  const jobs = bench(await jobsBelow(path, formats));
  jobs.start("db");
  assert.equal(jobs.state("db"), "start/running");
  assert.equal(jobs.state("web"), "start/running");
  assert.equal(jobs.state("more"), "stop/waiting");
});
