/** docs/compatibility.md and quirks.md tell of all that there is: stanzas, commands, flags, D-Bus members, odd cases. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { FIELD_ROWS } from "../lib/model/fields.ts";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";

const GUIDE = ["compatibility.md", "quirks.md"]
  .map((page) => readFileSync(resolve(import.meta.dirname!, "../docs", page), "utf8")).join("\n");
const QUIRKS = resolve(import.meta.dirname!, "conformance/quirks.json");

/** The rows of the tables below a heading, up to the next heading of its rank or above. */
function section(heading: string): string {
  const rank = /^#+/.exec(heading)![0].length;
  const start = GUIDE.indexOf(`\n${heading}\n`);
  assert(start >= 0, heading);
  const rest = GUIDE.slice(start + heading.length + 2);
  const end = new RegExp(`^#{1,${rank}} `, "m").exec(rest)?.index ?? rest.length;
  return rest.slice(0, end).split("\n").filter((line) => line.startsWith("|")).join("\n");
}

function assertNamed(names: Iterable<string>, heading: string): void {
  const text = section(heading);
  const missing = Array.from(names).filter((name) => !text.includes(`\`${name}\``));
  assert.deepEqual(missing, [], heading);
}

Deno.test("every command of initctl, and every flag of init", async () => {
  await using init = await RunningInit.start();
  const commands = await init.ask("help");
  assertNamed(Array.from(commands.matchAll(/^ {2}([a-z-]+)/gm), ([, name]) => name!), "## Commands");
  const { stdout } = await init.run(["init", "--help"]);
  const flags = Array.from(stdout.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm), ([, flag]) => flag!);
  assert(flags.length > 20);
  assertNamed(flags, "## Flags of init");
});

Deno.test("every member of the D-Bus interface", { ignore: !installed("dbus-send") }, async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 600\n" } });
  await init.ask("start", "web");
  for (const path of ["", "/jobs/web", "/jobs/web/_"]) {
    const { stdout } = await init.shell(
      `dbus-send --peer="$UPSTART_SESSION" --print-reply=literal /com/ubuntu/Upstart${path} ` +
        "org.freedesktop.DBus.Introspectable.Introspect",
    );
    const upstarts = stdout.split("<interface ").filter((part) => !part.startsWith('name="org.rouse'));
    const members = upstarts.flatMap((part) =>
      Array.from(part.matchAll(/<(?:method|signal|property) name="(\w+)"/g), ([, name]) => name!)
    );
    assert(members.length > 5, stdout);
    assertNamed(members, "## D-Bus");
  }
});

Deno.test("every stanza", () => {
  const fields = FIELD_ROWS.flatMap(([, { stanza }]) => stanza ?? []);
  const stanzas = [..."exec script pre-start post-start pre-stop post-stop manual oom".split(" "), ...fields];
  const text = section("## Stanzas");
  assert.deepEqual(stanzas.filter((name) => !new RegExp(`\`${name}[\` ]`).test(text)), []);
});

Deno.test("every odd case of Upstart's, with the decision that the tests hold us to", () => {
  const rows = section("## Recorded cases").split("\n");
  const quirks: Record<string, { decision: string }> = JSON.parse(readFileSync(QUIRKS, "utf8"));
  for (const [name, { decision }] of Object.entries(quirks)) {
    const own = rows.filter((row) => new RegExp(`[(, ]${name}[),]`).test(row));
    assert(own.length > 0, `no row tells of ${name}`);
    const decisions = own.map((row) => row.split("|").at(-2)!.trim());
    // A case that another shares its row with may be decided otherwise.
    const shared = own.some((row) => (row.match(/[a-z]+-[a-z-]+[),]/g) ?? []).length > 1);
    assert(
      shared || decisions.some((text) => text.startsWith(decision)),
      `${name}: ${decision}, ${decisions}`,
    );
  }
});
