import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppArmor } from "./apparmor.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";

/** AppArmor as a kernel has it whose file says this; undefined: a kernel without it. */
function withKernel(
  says: string | undefined,
  action: (apparmor: AppArmor, warnings: string[]) => void,
): void {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const warnings: string[] = [];
  const enabledFile = join(directory, "enabled");
  if (says !== undefined) writeFileSync(enabledFile, says);
  const warn = (message: string) => void warnings.push(message);
  action(new AppArmor({ enabledFile, parser: "/bin/parser", warn }), warnings);
}

Deno.test("with AppArmor, profiles are loaded by its parser and switched to", () =>
  withKernel("Y\n", (apparmor, warnings) => {
    assert.deepEqual(apparmor.loadCommand("/etc/apparmor.d/web"), [
      "/bin/parser",
      "-r",
      "-W",
      "/etc/apparmor.d/web",
    ]);
    assert.equal(apparmor.availableProfile("web"), "web");
    assert.equal(apparmor.availableProfile(undefined), undefined);
    assert.deepEqual(warnings, []);
  }));

for (const says of ["N\n", undefined]) {
  Deno.test(`without AppArmor (${JSON.stringify(says)}) nothing is done, and that is told`, () =>
    withKernel(says, (apparmor, warnings) => {
      assert.equal(apparmor.availableProfile(undefined), undefined);
      assert.deepEqual(warnings, []);
      assert.equal(apparmor.loadCommand("/etc/apparmor.d/web"), undefined);
      assert.equal(apparmor.availableProfile("web"), undefined);
      assert.match(warnings[0]!, /^Ignoring apparmor stanzas/);
      assert.equal(warnings.length, 2);
    }));
}
