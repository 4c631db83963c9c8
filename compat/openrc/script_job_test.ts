import assert from "node:assert/strict";
import { buildTree } from "./build_tree.ts";
import { runscriptJobs } from "./script_job.ts";
import type { DependKind } from "./relations.ts";

/** Jobs of scripts, by what their depend() says: `{ web: "ineed disk, iafter net" }`. */
function jobs(depend: Record<string, string>, text = "") {
  const gathered = Object.entries(depend).map(([service, lines]) => ({
    service,
    lines: lines.split(", ").filter((line) => line !== "").map((line) => {
      const [kind, ...words] = line.split(" ");
      return { kind: kind as DependKind, words };
    }),
  }));
  const scripts = Object.keys(depend).map((service) => ({ service, path: `/etc/init.d/${service}`, text }));
  const made = runscriptJobs(scripts, buildTree(gathered).tree, ["rouse", "runscript-job"]);
  return Object.fromEntries(made.map((job) => [job.name, job]));
}

Deno.test("need is uses, all else is after; a name that is provided stands for all that provide it", () => {
  const { web, net, b } = jobs({
    b: "iprovide dns",
    disk: "",
    net: "ibefore web, iprovide dns",
    web: "ineed disk dns, iuse logger, iafter nothing, iwant b",
    logger: "",
  });
  assert.deepEqual([web!.uses.toSorted(), web!.after], [["b", "disk", "net"], ["logger"]]);
  assert.deepEqual(web!.relations, {
    b: { kind: "needs", as: "dns" },
    disk: { kind: "needs" },
    net: { kind: "needs", as: "dns" },
    logger: { kind: "uses" },
  });
  assert.deepEqual([net!.uses, net!.after, net!.provides], [[], [], ["dns"]]);
  assert.deepEqual([b!.provides, b!.needs, b!.startOn], [["dns"], [], undefined]);
});

Deno.test("a circle is cut, so that no two jobs wait for each other", () => {
  const made = jobs({ a: "ineed b", b: "iafter c", c: "iuse a" });
  const edges = Object.values(made).flatMap(({ name, uses, after }) =>
    [...uses, ...after].map((other) => `${name} ${other}`)
  );
  assert.deepEqual(edges.toSorted(), ["a b", "b c"]);
});

Deno.test("a job calls init's program for the script, and has the script's description and pid file", () => {
  const text = `description="what it does"\nuser=www\npidfile="/run/\${user}/\${RC_SVCNAME}.pid"\n`;
  const { web } = jobs({ web: "" }, text);
  assert.deepEqual([web!.description, web!.pidFile], ["what it does", "/run/www/web.pid"]);
  const process = web!.processes["pre-stop"]!;
  assert(process.kind === "arguments");
  const [shell, , , ...words] = process.words;
  assert.equal(shell, "/bin/sh");
  assert.deepEqual(words, [
    ...["/etc/init.d/web", "stop"],
    ...["rouse", "runscript-job", "/etc/init.d/web", "stop"],
  ]);
  const odd = jobs({ a$b: "" })["a$b"]!.processes.main!;
  assert(odd.kind === "arguments");
  assert.equal(odd.words.at(-2), "/etc/init.d/a${}b", "init makes a dollar sign of that");
  const { other } = jobs({ other: "" }, `description="$(date)"\npidfile="/run/$(id -u).pid"\n`);
  assert.deepEqual([other!.description, other!.pidFile], [undefined, undefined]);
});
