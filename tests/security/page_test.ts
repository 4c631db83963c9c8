/** docs/security.md names, for each threat, tests that there are. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname!, "../..");
const PAGE = readFileSync(join(ROOT, "docs/security.md"), "utf8");

/** The cells of a table's rows, by the section that the table is in. */
function rowsOf(page: string): Array<{ section: string; cells: string[] }> {
  let section = "";
  return page.split("\n").flatMap((line) => {
    section = /^## (.*)/.exec(line)?.[1] ?? section;
    // A line below the heads of columns has hyphens alone.
    if (!line.startsWith("|") || /^\|[ |-]+$/.test(line) || /^\| threat /.test(line)) return [];
    return [{ section, cells: line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim()) }];
  });
}

/** What is wrong with a page's rows. */
function problemsOf(page: string): string[] {
  return rowsOf(page).flatMap(({ section, cells }) => {
    const [threat = "", stands = "", tests = ""] = cells, where = `${section}: ${threat}`;
    if (cells.length !== 3 || threat === "" || stands === "") return [`${where}: three cells are wanted`];
    return tests.split("<br>").flatMap((test) => {
      const [, file, name] = /^`([^`]+_test\.ts|lib\/[^`]+\.ts)`: (.+)$/.exec(test) ?? [];
      if (file === undefined || !existsSync(join(ROOT, file))) return [`${where}: no file of tests: ${test}`];
      const text = readFileSync(join(ROOT, file), "utf8");
      const isThere = ['"', "'", "`"].some((quote) =>
        text.includes(quote + name!.replaceAll("\\|", "|") + quote)
      );
      return isThere ? [] : [`${where}: ${file} has no test of the name: ${name}`];
    });
  });
}

Deno.test("each threat of the page has a test that there is", () => {
  assert(rowsOf(PAGE).length >= 40);
  assert.deepEqual(problemsOf(PAGE), []);
});

Deno.test("a row without a test, with one that is gone, or with an empty cell would be found", () => {
  const row = (...cells: string[]) => `## S\n| ${cells.join(" | ")} |\n`;
  const own = "`tests/security/page_test.ts`: ";
  assert.deepEqual(problemsOf(row("t", "s", `${own}each threat of the page has a test that there is`)), []);
  for (
    const page of [
      row("t", "s", ""),
      row("t", "", `${own}each threat of the page has a test that there is`),
      row("t", "s", `${own}no such`),
      row("t", "s", "`tests/none_test.ts`: each threat of the page has a test that there is"),
    ]
  ) {
    assert.equal(problemsOf(page).length, 1, page);
  }
});

Deno.test("SECURITY.md and the page lead to each other", () => {
  assert.match(readFileSync(join(ROOT, "SECURITY.md"), "utf8"), /\]\(docs\/security\.md\)/);
  assert.match(PAGE, /\]\(\.\.\/SECURITY\.md\)/);
});
