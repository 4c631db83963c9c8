import assert from "node:assert/strict";
import { formatStatus } from "./status.ts";

Deno.test("a line is one instance, whatever its name", () => {
  const instance = { goal: "start", state: "running", processes: [] };
  assert.equal(
    formatStatus("web", { ...instance, name: "a\nb stop/waiting" }),
    "web (a\\nb stop/waiting) start/running",
  );
  assert.equal(formatStatus("web"), "web stop/waiting");
});
