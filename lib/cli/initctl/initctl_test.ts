import assert from "node:assert/strict";
import { chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { CallError, type connect } from "../../control/client/client.ts";
import { FakeSupervisor } from "../../control/testing/fake_supervisor.ts";
import { ROUSE_INTERFACE } from "../../control/names.ts";
import { serve } from "../../control/service/service.ts";
import { connectBeside } from "../../control/testing/socket_client.ts";
import { VERSION } from "../../model/version.ts";
import { main } from "./initctl.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";

/** The address of the init under test. Each has one of its own: the kernel may take a moment to free the last. */
let address = "";
let inits = 0;

interface Result {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program, `initctl` unless the first word is another's name, as a shell would call it. */
async function call(
  line: string,
  environment: Record<string, string> = { UPSTART_SESSION: address },
  by: typeof connect = connectBeside,
): Promise<Result> {
  const words = line.split(" ").filter((word) => word !== "").map((word) => word === "''" ? "" : word);
  const name = words.shift()!;
  const written = ["", "", ""];
  const write = (descriptor: number, text: string) => {
    written[descriptor] += text;
    return true;
  };
  const writeStyled = (descriptor: number, text: string | Uint8Array) =>
    write(descriptor, typeof text === "string" ? text : new TextDecoder().decode(text));
  const host = { environment, write, writeStyled, isTerminal: () => false, connect: by };
  const status = await main(words, name, host);
  return { status, stdout: written[1]!, stderr: written[2]! };
}

async function withInit(test: (init: FakeSupervisor) => Promise<void>): Promise<void> {
  const init = new FakeSupervisor();
  init.add("web", { usage: "web please" }, [""]);
  init.add("tty", { instance: "$N", usage: "N=line" }, ["one", "two"]);
  init.add("off", {
    emits: ["ready", "going-*"],
    startOn: {
      kind: "or",
      left: {
        kind: "event",
        name: "started",
        matches: [{ value: "web" }, { key: "A", value: "b", negated: true }],
      },
      right: { kind: "event", name: "nowhere", matches: [] },
    },
    stopOn: {
      kind: "and",
      left: { kind: "event", name: "stopping", matches: [{ key: "JOB", value: "ghost" }] },
      right: { kind: "event", name: "going-down", matches: [] },
    },
  });
  address = `unix:abstract=/rouse-initctl-test/${process.pid}/${++inits}`;
  const service = serve(init, { address, othersMayRead: false });
  try {
    await test(init);
  } finally {
    service.close();
  }
}

/** One call after the other, and what each prints. Lines that begin with ! go to the error output. */
async function expectCalls(
  calls: Array<[line: string, ...lines: string[]]>,
  by?: typeof connect,
): Promise<void> {
  for (const [line, ...lines] of calls) {
    const text = (wanted: boolean) =>
      lines.filter((one) => one.startsWith("!") === wanted).map((one) => `${one.replace(/^!/, "")}\n`).join(
        "",
      );
    const { status, stdout, stderr } = await call(line, undefined, by);
    assert.deepEqual({ stdout, stderr }, { stdout: text(false), stderr: text(true) }, line);
    if (stderr !== "") assert.equal(status, 1, line);
  }
}

/** As an init does that offers nothing beyond Upstart, and has the job `off` where nobody expects it. */
async function connectToUpstart(address: string): ReturnType<typeof connect> {
  const client = await connectBeside(address);
  const reply = client.call.bind(client);
  const hidden = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(hidden)
      : typeof value === "string"
      ? value.replace(/\/off(?=\/|$)/, "/elsewhere")
      : value;
  client.call = async (path, of, ...more) => {
    if (of === ROUSE_INTERFACE || hidden(path) !== path) {
      throw new CallError("org.freedesktop.DBus.Error.UnknownMethod", "No such method");
    }
    return hidden(await reply(path.replace("/elsewhere", "/off"), of, ...more)) as unknown[];
  };
  return client;
}

for (const by of [connectBeside, connectToUpstart]) {
  Deno.test(`commands for jobs: ${by.name}`, () => withInit(() => expectCalls(JOB_CALLS, by)));
}

const JOB_CALLS: Parameters<typeof expectCalls>[0] = [
  ["initctl status web", "web start/running, process 4242"],
  ["status tty N=two", "tty (two) start/running, process 4242"],
  ["status off", "off stop/waiting"],
  ["status off A=1", "!status: Unknown instance: "],
  ["initctl start off", "off start/running, process 4242"],
  ["start --no-wait off", "!start: Job is already running: off"],
  ["initctl start tty", "!initctl: Unknown parameter: N", "!Usage: N=line"],
  ["stop tty", "!stop: Unknown parameter: N", "!Usage: N=line"],
  ["initctl restart web", "web start/running, process 4242"],
  ["reload web"],
  ["stop off", "off stop/waiting"],
  ["stop -q web"],
  ["stop web", "!stop: Unknown instance: "],
  ["initctl list", "web stop/waiting", ...["one", "two"].map(tty), "off stop/waiting"],
  ["initctl usage web", "Usage: web please"],
  ["initctl start nojob", "!initctl: Unknown job: nojob"],
  ["initctl start ''", "!initctl: Name may not be empty string"],
  ["initctl status nojob", "!initctl: Unknown job: nojob"],
  ["initctl status ''", "!initctl: Name may not be empty string"],
  ["initctl status tty", "!initctl: Unknown parameter: N", "!Usage: N=line"],
  ["initctl status tty N=three", "!initctl: Unknown instance: three"],
  ["initctl status web novalue", "!initctl: Env must be KEY=VALUE pairs"],
];

function tty(instance: string): string {
  return `tty (${instance}) start/running, process 4242`;
}

Deno.test("inside a job, commands without a name are about that job, and do not wait for it", () =>
  withInit(async (init) => {
    const inside = { UPSTART_SESSION: address, UPSTART_JOB: "tty", UPSTART_INSTANCE: "one" };
    assert.equal((await call("status", inside)).stdout, `${tty("one")}\n`);
    assert.equal((await call("restart", inside)).stdout, `${tty("one")}\n`);
    assert.equal((await call("reload", inside)).status, 0);
    assert.equal((await call("stop", inside)).stdout, "tty stop/waiting\n");
    assert.equal((await call("status", inside)).stderr, "status: Unknown instance: one\n");
    assert.equal((await call("status", { ...inside, UPSTART_INSTANCE: "two" })).stdout, `${tty("two")}\n`);
    assert.deepEqual(init.requests.map(({ request }) => request), [
      { kind: "restart", job: "tty", instance: "one", wait: false },
      { kind: "reload", job: "tty", instance: "one" },
      { kind: "stop", job: "tty", instance: "one", wait: false },
    ]);
    const half = { UPSTART_SESSION: address, UPSTART_JOB: "tty" };
    for (const line of ["status", "initctl list-env"]) {
      assert.match(
        (await call(line, half)).stderr,
        /: missing job name\nTry `\w+ --help' for more information\.\n/,
      );
    }
  }));

Deno.test("events, variables, priorities, notices", () =>
  withInit(async (init) => {
    await expectCalls([
      ["initctl emit go A=1 B=2"],
      ["initctl emit -n go"],
      ["initctl emit bad", "!initctl: Event failed"],
      ["initctl emit go novalue", "!initctl: Env must be KEY=VALUE pairs"],
      ["initctl set-env -g B=1 A"],
      ["initctl set-env --retain B=2"],
      ["initctl list-env", "A=", "B=1", "TERM=linux"],
      ["initctl unset-env A TERM"],
      ["initctl get-env B", "1"],
      ["initctl get-env TERM", "!initctl: No such variable: TERM"],
      ["initctl reset-env"],
      ["initctl list-env"],
      ["initctl log-priority", "message"],
      ["initctl log-priority info"],
      ["initctl log-priority", "info"],
      ["initctl --quiet log-priority"],
      ["initctl --quiet log-priority -v", "info"],
      ["initctl -v log-priority -q"],
      ["initctl log-priority -qv", "info"],
      ["initctl log-priority INFO", "!initctl: The log priority given was not recognised"],
      ["initctl version", "init (upstart 1.13.2) fake"],
      ["initctl reload-configuration extra"],
      ["initctl notify-disk-writeable"],
      ["initctl notify-dbus-address unix:path=/x"],
      ["initctl notify-dbus-address /x", "!initctl: Address does not contain a colon"],
      ["initctl emit go a-b=1"],
      ["initctl notify-cgroup-manager-address unix:path=/x"],
    ]);
    assert.deepEqual(init.requests.slice(0, 2).map(({ request }) => request), [
      { kind: "emit", event: "go", environment: ["A=1", "B=2"], wait: true },
      { kind: "emit", event: "go", environment: [], wait: false },
    ]);
    assert.deepEqual(init.called, ["reloadConfiguration", "notifyDiskWriteable"]);
  }));

Deno.test("configurations shown and checked", () =>
  withInit((init) => {
    init.add("api", { needs: ["web", "completed(migrate)", "mta"], after: ["off"], conflicts: ["old"] });
    init.add("exim", { provides: ["mta"] });
    return expectCalls([
      [
        "initctl show-config off",
        "off",
        "  emits ready",
        "  emits going-*",
        "  start on (started web A!=b or nowhere)",
        "  stop on (stopping JOB=ghost and going-down)",
      ],
      [
        "initctl show-config -e off",
        "off",
        "  emits ready",
        "  emits going-*",
        "  start on started (job: web, env: A!=b)",
        "  start on nowhere (job:, env:)",
        "  stop on stopping (job: ghost, env:)",
        "  stop on going-down (job:, env:)",
      ],
      [
        "initctl check-config",
        "off",
        "  stop on: unknown job ghost",
        "api",
        "  needs: unknown job migrate",
      ],
      ["initctl check-config web"],
      [
        "initctl check-config -w off",
        "off",
        "  start on: unknown event nowhere",
        "  stop on: unknown job ghost",
      ],
      ["initctl check-config -w --ignore-events=x,nowhere off", "off", "  stop on: unknown job ghost"],
      [
        "initctl show-config api",
        "api",
        "  needs web completed(migrate) mta",
        "  after off",
        "  conflicts old",
      ],
      ["initctl show-config -e exim", "exim", "  provides mta"],
      ["initctl check-config api", "api", "  needs: unknown job migrate"],
      ["initctl check-config no", "!initctl: Invalid job class: no"],
    ]);
  }));

Deno.test("wrong command lines", async () => {
  const wrong: Array<[line: string, message: string]> = [
    ["initctl", "initctl: missing command"],
    ["initctl ''", "initctl: invalid command: "],
    ["initctl frobnicate", "initctl: invalid command: frobnicate"],
    ["initctl constructor", "initctl: invalid command: constructor"],
    ["initctl --frob=x", "initctl: invalid option: --frob=x"],
    ["initctl --no-wait start", "initctl: invalid option: --no-wait"],
    ["start -nx web", "start: invalid option: -x"],
    ["initctl list --quiet=yes", "initctl: unexpected argument: --quiet=yes"],
    ["initctl list --dest", "initctl: missing argument: --dest"],
    ["initctl check-config -wi", "initctl: missing argument: -wi"],
    ["stop", "stop: missing job name"],
    ["initctl emit", "initctl: missing event name"],
    ["initctl set-env", "initctl: missing variable value"],
    ["initctl get-env", "initctl: missing variable name"],
    ["initctl notify-dbus-address", "initctl: missing D-Bus address"],
    ["initctl notify-cgroup-manager-address", "initctl: missing address"],
  ];
  for (const [line, message] of wrong) {
    const program = line.split(" ")[0];
    const stderr = `${message}\nTry \`${program} --help' for more information.\n`;
    assert.deepEqual(await call(line, {}), { status: 1, stdout: "", stderr }, line);
  }
});

Deno.test("nobody to speak to", async () => {
  const nowhere = await call("initctl list", { UPSTART_SESSION: "unix:abstract=/nowhere" });
  assert.match(
    nowhere.stderr,
    /^initctl: Unable to connect to Upstart: Failed to connect to socket \/nowhere: Connection refused/,
  );
  const rubbish = await call("stop web", { UPSTART_SESSION: "rubbish" });
  assert.match(rubbish.stderr, /^stop: Unable to connect to Upstart: Address does not contain a colon/);
  const unset = await call("initctl --user list", {});
  assert.equal(
    unset.stderr,
    "initctl: UPSTART_SESSION isn't set in the environment. Unable to locate the Upstart instance.\n",
  );
  for (const { status, stdout } of [nowhere, rubbish, unset]) assert.deepEqual([status, stdout], [1, ""]);
});

Deno.test("help and version of the program, of its commands, and of its links", async () => {
  const head = async (line: string, lines: number) => {
    const { status, stdout, stderr } = await call(line, {});
    assert.deepEqual([status, stderr], [0, ""], line);
    for (const one of stdout.split("\n")) assert.ok(one.length < 80, `${line}: too long: ${one}`);
    return stdout.split("\n").slice(0, lines);
  };
  assert.deepEqual(await head("initctl --help --frob", 2), [
    "Usage: initctl [OPTION]... COMMAND [OPTION]... [ARG]...",
    "",
  ]);
  const usage = ["[OPTION]... JOB [KEY=VALUE]...", "Start job.", "", "Options:"];
  assert.deepEqual(await head("start --help", 4), [`Usage: start ${usage[0]}`, ...usage.slice(1)]);
  assert.deepEqual(await head("initctl start --help", 4), [
    `Usage: initctl start ${usage[0]}`,
    ...usage.slice(1),
  ]);
  assert.deepEqual(await head("initctl --version", 3), ["initctl (upstart 1.13.2)", `rouse ${VERSION}`, ""]);
  assert.deepEqual(await head("status --version", 1), ["status (upstart 1.13.2)"]);
  const list = await head("initctl help", 100);
  assert.equal(list[1], "  start                       Start job.");
  for (const name of list.flatMap((line) => /^ {2}([a-z-]+)/.exec(line)?.[1] ?? [])) {
    assert.match(
      (await head(`initctl ${name} --help`, 1))[0]!,
      new RegExp(`^Usage: initctl ${name} \\[OPTION\\]\\.\\.\\.`),
    );
  }
});

Deno.test("sessions of the user, without stale and foreign files", async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const environment = { XDG_RUNTIME_DIR: directory };
  assert.deepEqual(await call("initctl list-sessions", environment), { status: 0, stdout: "", stderr: "" });
  const sessions = join(directory, "upstart", "sessions");
  mkdirSync(sessions, { recursive: true });
  writeFileSync(join(sessions, `${process.pid}.session`), "UPSTART_SESSION=unix:abstract=/x\n");
  writeFileSync(join(sessions, "999999999.session"), "UPSTART_SESSION=unix:abstract=/gone\n");
  writeFileSync(join(sessions, "abc.session"), "UPSTART_SESSION=unix:abstract=/y\n");
  writeFileSync(join(sessions, "1.session"), "nonsense\n");
  const line = `${process.pid} unix:abstract=/x\n`;
  assert.equal((await call("initctl list-sessions", environment)).stdout, line);
  assert.match(
    (await call("initctl list-sessions -v", environment)).stdout,
    /^Ignoring stale session file: .*\/999999999\.session$/m,
  );
  // Others may have put anything there. A running process of this user's is needed for each.
  const others = join(sessions, `${process.ppid}.session`);
  const told = async () => (await call("initctl list-sessions -v", environment)).stdout;
  symlinkSync(join(sessions, `${process.pid}.session`), others);
  assert.ok((await told()).includes(`Ignoring foreign session file: ${others}\n`));
  if (process.getuid?.() === 0) {
    rmSync(others);
    writeFileSync(others, "UPSTART_SESSION=unix:abstract=/z\n");
    chownSync(others, 65534, 65534);
    assert.ok((await told()).includes(`Ignoring foreign session file: ${others}\n`));
  }
  assert.equal((await call("initctl list-sessions", environment)).stdout, line);
  assert.deepEqual(await call("initctl list-sessions", {}), {
    status: 1,
    stdout: "",
    stderr: "initctl: Unable to query session directory\n",
  });
});
