/** Listings that are longer than the terminal go through the pager, and no others. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";
import { onTerminal } from "./support/terminal.ts";

const JOBS = Object.fromEntries(
  Array.from({ length: 12 }, (_, index) => [`job${index}.conf`, "exec sleep 600\n"]),
);

/** A pager that is seen. */
const PAGER = "echo paged; cat";

Deno.test({
  name: "a listing is paged where it is long, on a terminal, and not told otherwise",
  ignore: !installed("script"),
  async fn() {
    await using init = await RunningInit.start({ jobs: JOBS });
    const show = (line: string, rows: number, pager = PAGER) =>
      onTerminal(line, { environment: { ...init.environment, PAGER: pager }, rows, columns: 80 });
    const isPaged = async (line: string, rows = 8, pager = PAGER) => {
      const { exit, lines } = await show(line, rows, pager);
      assert.equal(exit, 0, lines.join("\n"));
      assert(lines.length > 3, line);
      return lines.includes("paged");
    };
    assert.equal(await isPaged("initctl list"), true);
    assert.equal(await isPaged("initctl show-config"), true);
    assert.equal(await isPaged("initctl list-env", 2), true);
    assert.equal(await isPaged(`${EXECUTABLE} man init.8`), true);
    assert.equal(await isPaged("initctl list", 40), false);
    assert.equal(await isPaged("initctl list --no-pager"), false);
    assert.equal(await isPaged("initctl list | cat"), false);
    assert.equal(await isPaged("initctl list", 8, ""), false);
    assert.equal(await isPaged("initctl list", 8, "no-such-pager 2>/dev/null"), false);
  },
});

Deno.test({
  name: "pages keep their colours, unless NO_COLOR or --color=never forbids them",
  ignore: !installed("script"),
  async fn() {
    await using init = await RunningInit.start({ jobs: JOBS });
    const isColoured = async (line: string, more: Record<string, string> = {}) => {
      const environment = { ...init.environment, PAGER, ...more };
      // deno-lint-ignore no-control-regex
      return /\x1b\[\d+m/.test((await onTerminal(line, { environment, rows: 8 })).shown);
    };
    assert.equal(await isColoured("initctl list"), true);
    assert.equal(await isColoured("initctl list --color=never"), false);
    assert.equal(await isColoured("initctl list", { NO_COLOR: "1" }), false);
    assert.equal(await isColoured("initctl list --color always", { NO_COLOR: "1" }), true);
    assert.equal(await isColoured(`${EXECUTABLE} man init.5`), true);
    assert.equal(await isColoured(`${EXECUTABLE} man init.5`, { NO_COLOR: "1" }), false);
  },
});

Deno.test({
  name: "without less and without PAGER, a long listing is shown as it is",
  ignore: !installed("script"),
  async fn() {
    await using init = await RunningInit.start({ jobs: JOBS });
    // The shell's own programs, and no others.
    const line = `stty rows 8; PATH=/nowhere ${EXECUTABLE} upstart initctl list`;
    const { exit, lines } = await onTerminal(line, { environment: init.environment, rows: 8 });
    assert.equal(exit, 0);
    assert.match(lines[0]!, /^JOB +STATE/);
    assert.doesNotMatch(lines.join("\n"), /less/);
  },
});
