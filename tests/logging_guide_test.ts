/** docs/logging.md: its examples mean the same in both formats, and its figures are those of the code. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseConf } from "../compat/upstart/parse.ts";
import { parseEvaluatorLine } from "../lib/author/protocol.ts";
import { MAX_KEPT } from "../lib/init/logs/files/log_file.ts";
import { formatSize } from "../lib/model/checks/size.ts";
import { rotatedLogs } from "../lib/model/logs/log_names.ts";
import { LOG_TARGETS, USUAL_INTERVAL, USUAL_ROTATION } from "../lib/model/logs/settings.ts";
import { environmentWith, Files, reporting } from "./support/author.ts";
import { run } from "./support/command.ts";
import { EXECUTABLE } from "./support/programs.ts";

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../docs/logging.md"), "utf8");
const EXAMPLES = Object.fromEntries(
  Array.from(GUIDE.matchAll(/^```(?:ts|conf) (\S+)\n([^]*?)^```$/gm), ([, name, text]) => [name!, text!]),
);

Deno.test("the job in both formats logs alike", async () => {
  const { "web.ts": module = "", "web.conf": conf = "" } = EXAMPLES;
  using files = new Files({ "web.ts": module });
  const { stdout } = await run(reporting([EXECUTABLE, "evaluate", "web.ts"]), {
    directory: files.directory,
    environment: environmentWith(),
  });
  const report = stdout.split("\n").map(parseEvaluatorLine).find((line) => line && "module" in line);
  assert.ok(report && "jobs" in report, stdout);
  const classic = parseConf(conf, "web.conf", "web"), [job] = report.jobs;
  for (const field of ["logRotate", "logLimit", "logTo"] as const) {
    assert.notEqual(classic[field], undefined);
    assert.deepEqual(job![field], classic[field], field);
  }
});

Deno.test("defaults, places and names are as the page has them", () => {
  const { size, keep, compress } = USUAL_ROTATION;
  assert(GUIDE.includes(`\`{ size: "${formatSize(size)}", keep: ${keep}, compress: "${compress}" }\``));
  assert(GUIDE.includes(`${USUAL_INTERVAL} seconds unless \`per\``));
  assert(GUIDE.includes(`Up to ${MAX_KEPT >> 10} KiB`));
  for (const target of LOG_TARGETS) assert.match(GUIDE, new RegExp(`^\\| .*\`"${target}[":]`, "m"));
  const [, name = ""] = /`(web\.log\.\S+Z)`/.exec(GUIDE) ?? [];
  assert.equal(rotatedLogs("web.log", [name]).length, 1);
});
