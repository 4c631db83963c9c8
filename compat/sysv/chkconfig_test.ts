import assert from "node:assert/strict";
import { parseChkconfig } from "./chkconfig.ts";
import { levelNames } from "./levels.ts";

Deno.test("the line of chkconfig, among other comments", () => {
  const found = parseChkconfig(
    "#!/bin/sh\n# chkconfig: 2345 55 05\n# processname: web\n# description: Serves\nx\n",
  )!;
  assert.deepEqual(levelNames(found.start), ["2", "3", "4", "5"]);
  assert.deepEqual([found.startNumber, found.stopNumber], [55, 5]);
});

Deno.test("a dash stands for no level, and what is no such line is passed over", () => {
  assert.deepEqual(parseChkconfig("#chkconfig:\t-\t20 80\r\n"), {
    start: 0,
    startNumber: 20,
    stopNumber: 80,
  });
  for (
    const line of [
      "# chkconfig says nothing",
      "# chkconfig: 2345 20",
      "chkconfig: 2345 20 80",
      "# chkconfig: 23-5 20 80",
      "# chkconfig: 2 200 8",
    ]
  ) assert.equal(parseChkconfig(`#!/bin/sh\n${line}\n`), undefined, line);
});

Deno.test("no line takes long", () => {
  const blanks = " ".repeat(200_000);
  assert.equal(parseChkconfig(`# chkconfig:${blanks}2${blanks}x\n`), undefined);
});
