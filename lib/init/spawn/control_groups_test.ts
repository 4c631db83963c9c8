/** Control groups in a tree of plain files, which holds the files that the kernel would. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Cgroup, emptyJob } from "../../model/job.ts";
import { cgroupDirectory, cgroupOf, cgroupTree } from "../../sys/machine/cgroups.ts";
import { ControlGroups } from "./control_groups.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";

/** A tree with these controllers, in which groups of these names have these files. */
function withTree(
  files: Record<string, string>,
  action: (
    tree: { root: string; groups: ControlGroups; warnings: string[]; read(file: string): string },
  ) => void,
): void {
  using temporary = new TemporaryDirectory();
  const root = temporary.path;
  const warnings: string[] = [];
  const all = { "cgroup.controllers": "cpu io memory pids\n", "cgroup.subtree_control": "cpu\n", ...files };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(join(root, file, ".."), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  const groups = new ControlGroups({ root, warn: (message) => warnings.push(message) });
  action({ root, groups, warnings, read: (file) => readFileSync(join(root, file), "utf8") });
}

function job(name: string, ...cgroups: Cgroup[]) {
  return { ...emptyJob(name, `/etc/init/${name}.conf`), cgroups };
}

Deno.test("without a name the group is the job's, or the instance's, own", () =>
  withTree({ "upstart/cgroup.subtree_control": "cpu" }, ({ root, groups }) => {
    const cpu = { controller: "cpu" };
    assert.deepEqual(groups.prepare(job("web", cpu), "", []), [`${root}/upstart/web/cgroup.procs`]);
    assert.deepEqual(groups.prepare(job("net/if", cpu), "eth/0", []), [
      `${root}/upstart/net_if-eth_0/cgroup.procs`,
    ]);
    assert.deepEqual(groups.prepare(job("none"), "", []), []);
  }));

Deno.test("an init script has its own group without a stanza, and does without where there can be none", () =>
  withTree({}, ({ root, groups, warnings }) => {
    const script = (name: string) => ({ ...job(name), expect: "script" as const });
    assert.deepEqual(groups.prepare(script("ssh"), "", []), [`${root}/upstart/ssh/cgroup.procs`]);
    writeFileSync(join(root, "upstart/ssh/cgroup.procs"), "7\n8\n");
    assert.deepEqual(new Set(groups.processesOf("ssh", "")), new Set([7, 8]));
    assert.deepEqual(groups.prepare(script("x".repeat(300)), "", []), []);
    assert.deepEqual(warnings, []);
  }));

Deno.test("names hold variables; several stanzas make several groups, and the last is entered", () =>
  withTree({ "upstart/cgroup.subtree_control": "cpu" }, ({ root, groups }) => {
    const stanzas = [
      { controller: "cpu", name: "$UPSTART_CGROUP" },
      { controller: "cpu", name: "/shared/$TIER//x/" },
    ];
    // Not made by init's job: it has no file that hands a controller out.
    mkdirSync(join(root, "shared/gold"), { recursive: true });
    for (const group of ["shared", "shared/gold"]) {
      writeFileSync(join(root, group, "cgroup.subtree_control"), "cpu");
    }
    assert.deepEqual(groups.prepare(job("web", ...stanzas), "", ["TIER=gold"]), [
      `${root}/shared/gold/x/cgroup.procs`,
    ]);
    assert(existsSync(`${root}/upstart/web`));
  }));

const SETTINGS: Array<[stanza: Cgroup, file: string]> = [
  [{ controller: "memory", key: "max", value: "52428800" }, "memory.max"],
  [{ controller: "memory", key: "memory.max", value: "52428800" }, "memory.max"],
  [{ controller: "memory", key: "limit_in_bytes", value: "52428800" }, "memory.max"],
  [{ controller: "blkio", key: "weight", value: "50" }, "io.weight"],
  [{ controller: "pids", key: "max", value: "max" }, "pids.max"],
];

for (const [stanza, file] of SETTINGS) {
  Deno.test(`${stanza.controller} ${stanza.key} is written to ${file}, once the controller is handed out`, () =>
    withTree(
      { [`upstart/web/${file}`]: "", "upstart/cgroup.subtree_control": "" },
      ({ groups, read, warnings }) => {
        groups.prepare(job("web", stanza), "", []);
        assert.equal(read(`upstart/web/${file}`), stanza.value);
        const controller = file.slice(0, file.indexOf("."));
        for (const control of ["cgroup.subtree_control", "upstart/cgroup.subtree_control"]) {
          assert.match(read(control), new RegExp(`\\+${controller}`));
        }
        assert.deepEqual(warnings, []);
      },
    ));
}

Deno.test("a controller that is not available is warned of, and the group entered all the same", () =>
  withTree({}, ({ root, groups, warnings }) => {
    const stanza = { controller: "devices", key: "deny", value: "a" };
    assert.deepEqual(groups.prepare(job("web", stanza), "", []), [`${root}/upstart/web/cgroup.procs`]);
    assert.deepEqual(warnings, [
      "Ignoring control group controller devices, nor its setting deny: it is not available",
    ]);
  }));

const WRONG: Array<[stanza: Cgroup, message: RegExp]> = [
  [{ controller: "frob" }, /^unable to use control group controller frob$/],
  [{ controller: "cpu", name: "../../etc" }, /^unable to use control group name "..\/..\/etc"$/],
  [{ controller: "cpu", name: "/" }, /^unable to use control group name "\/"$/],
  [{ controller: "cpu", name: "$NOBODY" }, /^Unknown parameter: NOBODY$/],
  [
    { controller: "cpu", key: "frob", value: "1" },
    /^unable to set cpu.frob of control group upstart\/web: No such file or directory$/,
  ],
];

for (const [stanza, message] of WRONG) {
  Deno.test(`what cannot be done fails: ${JSON.stringify(stanza)}`, () =>
    withTree({ "upstart/cgroup.subtree_control": "cpu" }, ({ groups }) => {
      assert.throws(() => groups.prepare(job("web", stanza), "", []), { message });
    }));
}

Deno.test("groups go when their last user has ended and they are empty; what was there before stays", () =>
  withTree(
    { "upstart/cgroup.subtree_control": "cpu", "old/cgroup.subtree_control": "cpu" },
    ({ root, groups }) => {
      const own = job("web", { controller: "cpu" });
      const shared = [{ controller: "cpu", name: "old/new" }];
      groups.prepare(own, "a", []);
      groups.prepare(own, "b", []);
      for (const name of ["one", "two"]) groups.prepare(job(name, ...shared), "", []);
      groups.release("web", "a");
      groups.release("one", "");
      assert.deepEqual(readdirSync(`${root}/upstart`), ["cgroup.subtree_control", "web-b"]);
      assert(existsSync(`${root}/old/new`));
      writeFileSync(`${root}/old/new/in-use`, "");
      groups.release("two", "");
      assert(existsSync(`${root}/old/new`), "a group that cannot be removed is kept");
      rmSync(`${root}/old/new/in-use`);
      groups.removeUnused();
      assert.deepEqual(readdirSync(`${root}/old`), ["cgroup.subtree_control"]);
    },
  ));

Deno.test("--no-cgroups passes everything over", () =>
  withTree({}, ({ root }) => {
    const groups = new ControlGroups({ root, enabled: false, warn: assert.fail });
    assert.deepEqual(groups.prepare(job("web", { controller: "frob" }), "", []), []);
  }));

Deno.test("the processes of an instance are those of the groups that it alone uses, and of those below", () =>
  withTree(
    { "upstart/cgroup.subtree_control": "cpu", "shop/cgroup.subtree_control": "cpu" },
    ({ root, groups, read }) => {
      const [own, shared] = [{ controller: "cpu" }, { controller: "cpu", name: "shop/all" }];
      groups.prepare(job("web", shared, own), "", []);
      groups.prepare(job("other", shared), "", []);
      mkdirSync(`${root}/upstart/web/below`);
      for (
        const [group, pids] of [
          ["upstart/web", "101\n102\n"],
          ["upstart/web/below", "103\n"],
          ["shop/all", "104\n"],
          ["upstart", "105\n"],
        ]
      ) {
        writeFileSync(`${root}/${group}/cgroup.procs`, pids!);
        writeFileSync(`${root}/${group}/cgroup.kill`, "");
      }
      assert.deepEqual(groups.processesOf("web", ""), [101, 102, 103]);
      groups.kill("web", "");
      assert.deepEqual([read("upstart/web/cgroup.kill"), read("shop/all/cgroup.kill")], ["1", ""]);
      assert.deepEqual(groups.processesOf("other", ""), []);
      groups.release("other", "");
      assert.deepEqual(groups.processesOf("web", "").sort(), [101, 102, 103, 104]);
    },
  ));

Deno.test("init's own group is nobody's to kill, though a job has named it", () => {
  const tree = cgroupTree(), own = cgroupOf("self");
  if (!tree || own === undefined) return;
  const group = cgroupDirectory(tree, own), groups = new ControlGroups({ warn: assert.fail });
  groups.restore({ users: [[group, ["web/"]], [`${group}/no-such-group`, ["web/"]]], unused: [] });
  assert.deepEqual(groups.processesOf("web", ""), []);
});

/** Makes and removes a directory again and again, from now on, as an init does that shares it with this one. */
const SHARER = `console.log("begun");
const path = Deno.args[0], act = (what) => { try { what(path); } catch { /* The other one was there first. */ } };
// Without a rest of its own length each time, the two may fall into step, and the same one always comes second.
const rest = () => { for (let left = Math.random() * 1e5; left > 0; left--); };
for (;;) { act(Deno.mkdirSync); rest(); act(Deno.removeSync); }`;

Deno.test("a group is made though another init removes the one around it", async () => {
  using temporary = new TemporaryDirectory();
  const root = temporary.path;
  const sharer = spawn(process.execPath, ["eval", SHARER, `${root}/upstart`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(sharer, "exit");
  try {
    await once(sharer.stdout, "data");
    const groups = new ControlGroups({ root, warn() {} });
    for (let count = 0; count < 500; count++) {
      groups.prepare(job("web", { controller: "cpu" }), "", []);
      assert(existsSync(`${root}/upstart/web`));
      groups.release("web", "");
    }
  } finally {
    sharer.kill("SIGKILL");
    await ended;
  }
});
