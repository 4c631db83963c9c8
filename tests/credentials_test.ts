/** setuid, setgid, chroot, limit, nice, oom score, umask and chdir: what they do to a process, and what is not allowed. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import process from "node:process";
import { RunningInit } from "./support/init.ts";
import { installed, programs, unprivilegedPrograms } from "./support/programs.ts";

/** What a job's process tells of itself. */
const TELL = "id -u; id -g; id -G; ulimit -n; ulimit -H -n; nice; cat /proc/self/oom_score_adj; umask; pwd";
const NAMES = ["uid", "gid", "groups", "soft", "hard", "nice", "oom", "umask", "directory"];

const isRoot = process.getuid?.() === 0;

/** What the kernel allows this process, as capabilities(7) numbers it; even root may lack some. */
const CAPABILITIES = { setgid: 6, setuid: 7, chroot: 18, nice: 23, resource: 24 };
type Capability = keyof typeof CAPABILITIES;
const effective = BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(readFileSync("/proc/self/status", "utf8"))![1]}`);
const lacking = (Object.keys(CAPABILITIES) as Capability[]).filter((name) =>
  !(effective >> BigInt(CAPABILITIES[name]) & 1n)
);
if (lacking.length > 0) {
  console.log(`without privileges, stanzas are only seen to fail: ${lacking.join(", ")}`);
}

/** Runs a task with these stanzas; what it told, or undefined when it could not be run, and what init said then. */
async function effect(
  init: RunningInit,
  name: string,
  stanzas: string,
): Promise<{ told?: Record<string, string>; failure?: string }> {
  init.write(`${name}.conf`, `task\n${stanzas}\nscript\n{ ${TELL}; } > @DIR@/out/${name}\nend script\n`);
  await init.until(["status", name], `${name} stop/waiting\n`);
  const { exit } = await init.initctl("start", name);
  const lines = init.read(`out/${name}`)?.trimEnd().split("\n");
  if (exit === 0 && lines) {
    return { told: Object.fromEntries(NAMES.map((key, index) => [key, lines[index] ?? ""])) };
  }
  const failure = new RegExp(`Failed to spawn ${name} main process: (.*)`).exec(init.messages())?.[1];
  return failure === undefined ? {} : { failure };
}

/** An init whose jobs may write into `out`. */
async function startInit(folder = programs()): Promise<RunningInit> {
  const init = await RunningInit.start({ programs: folder });
  await init.shell("mkdir -p out && chmod 777 out");
  return init;
}

/** A stanza, what it does, and which capabilities it takes. */
interface Effect {
  name: string;
  stanzas: string;
  /** What is otherwise than in init itself. */
  changes: Record<string, string>;
  /** What init says where it lacks a capability; of several lacking ones, the first says it. */
  refusals?: Partial<Record<Capability, string>>;
}

const NOBODY = { uid: "65534", gid: "65534", groups: "65534" };

/** What an ordinary user may do, whatever the tests themselves are run with. */
const HIGHER = Math.min(getPriority() + 7, 19);
const REFUSED = "Operation not permitted (init lacks the privilege)";
const DENIED = "Permission denied (init lacks the privilege)";

/** What is refused where groups and users cannot be changed. */
function refusedIds(gid: number, uid?: number): Partial<Record<Capability, string>> {
  const group = { setgid: `unable to setgid ${gid}: ${REFUSED}` };
  return uid === undefined ? group : { ...group, setuid: `unable to setuid ${uid}: ${REFUSED}` };
}

const EFFECTS: Effect[] = [
  { name: "nice-up", stanzas: `nice ${HIGHER}`, changes: { nice: `${HIGHER}` } },
  {
    name: "nice-down",
    stanzas: "nice -5",
    changes: { nice: "-5" },
    refusals: { nice: `unable to set priority to -5: ${DENIED}` },
  },
  { name: "oom-up", stanzas: "oom score 321", changes: { oom: "321" } },
  ...["score never", "never"].map((words, index) => ({
    name: `oom-never-${index}`,
    stanzas: `oom ${words}`,
    changes: { oom: "-1000" },
    refusals: { resource: `unable to set oom adjustment to -1000: ${DENIED}` },
  })),
  { name: "limit-lower", stanzas: "limit nofile 100 200", changes: { soft: "100", hard: "200" } },
  { name: "umask", stanzas: "umask 0037", changes: { umask: "0037" } },
  { name: "chdir", stanzas: "chdir /usr", changes: { directory: "/usr" } },
  {
    name: "chroot",
    stanzas: "chroot /\nchdir /usr",
    changes: { directory: "/usr" },
    refusals: { chroot: "unable to change root directory: Operation not permitted" },
  },
  { name: "user", stanzas: "setuid nobody", changes: NOBODY, refusals: refusedIds(65534, 65534) },
  { name: "user-by-number", stanzas: "setuid 65534", changes: NOBODY, refusals: refusedIds(65534, 65534) },
  { name: "group", stanzas: "setgid daemon", changes: { gid: "1", groups: "1" }, refusals: refusedIds(1) },
  {
    name: "user-and-group",
    stanzas: "setuid nobody\nsetgid daemon",
    changes: { uid: "65534", gid: "1", groups: "1" },
    refusals: refusedIds(1, 65534),
  },
  {
    name: "order",
    stanzas: "nice -3\nlimit nofile 150 250\nsetuid nobody",
    changes: { ...NOBODY, nice: "-3", soft: "150", hard: "250" },
    refusals: { nice: `unable to set priority to -3: ${DENIED}`, ...refusedIds(65534, 65534) },
  },
];

/** Stanzas that fail for everybody. */
const FAILURES: Array<[name: string, stanzas: string, message: string]> = [
  ["no-user", "setuid nobody-here", "unable to find setuid user nobody-here"],
  ["no-group", "setgid nobody-here", "unable to find setgid group"],
  ["no-directory", "chdir /nowhere", "unable to change working directory: No such file or directory"],
  ["limit-crossed", "limit nofile 200 100", 'unable to set "nofile" resource limit: Invalid argument'],
];

/** Tries all stanzas in an init whose capabilities lack these. */
async function tryAll(init: RunningInit, lacking: Capability[]): Promise<void> {
  const { told: plain } = await effect(init, "plain", "");
  assert(plain);
  for (const { name, stanzas, changes, refusals = {} } of EFFECTS) {
    const found = await effect(init, name, stanzas);
    const refused = (Object.keys(refusals) as Capability[]).find((one) => lacking.includes(one));
    const wanted: typeof found = refused
      ? { failure: refusals[refused]! }
      : { told: { ...plain, ...changes } };
    assert.deepEqual(found, wanted, stanzas);
  }
  for (const [name, stanzas, failure] of FAILURES) {
    assert.deepEqual(await effect(init, name, stanzas), { failure }, stanzas);
  }
}

Deno.test("jobs get the user, the limits and the rest that they ask for, or fail with the reason", async () => {
  await using init = await startInit();
  await tryAll(init, lacking);
});

Deno.test({
  name: "an ordinary user's jobs get what such a user may have, and fail for the rest",
  ignore: !isRoot || !installed("setpriv"),
  async fn() {
    using folder = unprivilegedPrograms();
    await using init = await startInit(folder.path);
    await tryAll(init, Object.keys(CAPABILITIES) as Capability[]);
  },
});
