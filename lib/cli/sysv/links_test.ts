import assert from "node:assert/strict";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import { changeLinks, type LinkChange } from "./links.ts";

Deno.test("a script whose new link cannot be made keeps its old one, and the others change", () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  for (const name of ["S01web", "S01cron"]) symlinkSync(`../init.d/${name.slice(3)}`, join(directory, name));
  mkdirSync(join(directory, "S02web"));
  const change = (action: LinkChange["action"], name: string): LinkChange => ({
    action,
    path: join(directory, name),
    script: name.slice(3),
  });
  const failures: string[] = [];
  changeLinks([
    change("remove", "S01web"),
    change("enable", "S02web"),
    change("remove", "S01cron"),
    change("enable", "S02cron"),
  ], (message) => failures.push(message));
  assert.deepEqual(readdirSync(directory).sort(), ["S01web", "S02cron", "S02web"]);
  assert.equal(failures.length, 1);
  assert(
    failures[0]!.startsWith(`can not symlink(../init.d/web, ${join(directory, "S02web")}): File exists`),
  );
});
