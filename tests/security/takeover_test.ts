/** Who may have root's processes run what: neither a variable of the engine's nor a file where they are called does. */

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { run } from "../support/command.ts";
import { RunningInit } from "../support/init.ts";
import { EXECUTABLE, programs } from "../support/programs.ts";

/** The numbers of the sockets of a process that listen for connections by the network. */
function listening(pid: number): string[] {
  const sockets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
  const LISTEN = "0A";
  return ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n"))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , socket = ""]) => state === LISTEN && sockets.includes(socket))
    .map((fields) => fields[9]!);
}

Deno.test("variables that would have the engine load modules or let debuggers in do nothing to init", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "exec sleep 1000\n" },
    environment: {
      BUN_OPTIONS: "--preload @DIR@/home/evil.js",
      BUN_INSPECT: "ws://127.0.0.1:0/",
      BUN_INSPECT_PRELOAD: "@DIR@/home/evil.js",
      BUN_INSPECT_CONNECT_TO: "ws://127.0.0.1:9/",
      NODE_OPTIONS: "--require @DIR@/home/evil.js",
    },
  });
  writeFileSync(init.path("home/evil.js"), `require("node:fs").writeFileSync("${init.path("taken")}", "");`);
  assert.deepEqual(listening(init.pid), []);
  // Its programs are given the same variables, and what takes its place is, too.
  assert.match(await init.ask("version"), /^init /);
  await init.ask("restart-init");
  await init.ask("start", "web");
  assert.deepEqual(listening(init.pid), []);
  assert.equal(init.read("taken"), undefined);
});

const EVIL = (mark: string) =>
  `import fs from "fs"; fs.writeFileSync(${JSON.stringify(mark)}, ""); export default {};`;

/** Files that engines look for where they are started. They leave a mark when they are run. */
function lay(directory: string, mark: string): void {
  const evil = EVIL(mark), own = join(directory, "evil.ts");
  const paths = Object.fromEntries(["*", "rouse", "zx", "node:fs"].map((name) => [name, [own]]));
  const files: Record<string, string> = {
    "evil.ts": evil,
    "initctl.ts": evil,
    "rouse.js": evil,
    "check.ts": evil,
    ".env": `BUN_OPTIONS=--preload ${own}\\nBUN_BE_BUN=1\\n`,
    ".env.local": "BUN_BE_BUN=1\n",
    ".env.production": "BUN_BE_BUN=1\n",
    "bunfig.toml": `preload = ["${own}"]\n[run]\npreload = ["${own}"]\n`,
    "deno.json": JSON.stringify({ imports: { rouse: own, zx: own } }),
    "tsconfig.json": JSON.stringify({ compilerOptions: { baseUrl: ".", paths } }),
    "package.json": JSON.stringify({
      main: own,
      type: "module",
      imports: { "#*": own },
      scripts: Object.fromEntries(["initctl", "check", "version"].map((name) => [name, `touch ${mark}`])),
    }),
    ...Object.fromEntries(
      ["rouse", "zx", "zx/core", "fs", "process", "dbus-native"].map((name) => [
        `node_modules/${name}/index.js`,
        evil,
      ]),
    ),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
}

Deno.test("files of others where root calls a program are not run", async () => {
  using theirs = new TemporaryDirectory(), ours = new TemporaryDirectory();
  const mark = join(ours.path, "taken"), jobs = join(ours.path, "jobs");
  lay(theirs.path, mark);
  chmodSync(theirs.path, 0o777);
  mkdirSync(jobs);
  writeFileSync(
    join(jobs, "web.ts"),
    'import { job } from "rouse";\nexport default job({ exec: "true" });\n',
  );
  const commands = [
    [EXECUTABLE, "--version"],
    [EXECUTABLE, "check", "--notypes", jobs],
    [EXECUTABLE, "convert", join(jobs, "web.ts")],
    [EXECUTABLE, "evaluate", "--help"],
    ["initctl", "version"],
    ["initctl", "list"],
    ["init", "--version"],
    ["init-checkconf", "--help"],
  ];
  const environment = { PATH: `${programs()}:/usr/bin:/bin`, HOME: "/" };
  for (const words of commands) {
    await run(words, { environment, directory: theirs.path });
    assert(!existsSync(mark), `${words.join(" ")} runs what lies where it is called`);
  }
});

Deno.test({
  name: "an executable that others can write does not take init's place, nor is it tried",
  ignore: Deno.uid() !== 0,
  async fn() {
    await using init = await RunningInit.start();
    const file = init.path("other");
    writeFileSync(file, `#!/bin/sh\ntouch ${init.path("taken")}\n`, { mode: 0o755 });
    chmodSync(file, 0o777);
    const { exit, stderr } = await init.run([EXECUTABLE, "upgrade", file]);
    assert.equal(exit, 1);
    assert.match(
      stderr,
      /Unable to restart init as \S+other: \S+other is writable by everyone \(owner root, mode 0777\); put it where .*`install -m 755/,
    );
    assert.equal(init.read("taken"), undefined);
    // Else it is tried, and found to be none.
    chmodSync(file, 0o755);
    assert.match((await init.run([EXECUTABLE, "upgrade", file])).stderr, /it is no rouse, or an older one/);
    assert.equal(init.read("taken"), "");
  },
});

Deno.test({
  name: "a session file is not written where another user can, whatever links are there",
  ignore: Deno.uid() !== 0,
  async fn() {
    using directory = new TemporaryDirectory({ mode: 0o755 });
    const { path } = directory;
    const script = `mkdir conf rt; echo untouched > victim; chmod 666 victim; chown nobody: rt
setpriv --reuid=65534 --regid=65534 --clear-groups sh -c 'mkdir -p rt/upstart/sessions; chmod 777 rt/upstart rt/upstart/sessions'
(exec env XDG_RUNTIME_DIR=$PWD/rt sh -c 'ln -s $PWD/victim rt/upstart/sessions/$$.session.new
  exec init --user --no-dbus --no-startup-event --confdir $PWD/conf --logdir $PWD/log' 2>messages) & pid=$!
until [ -s messages ] || ! kill -0 $pid; do sleep 0.05; done
kill $pid; wait $pid; cat messages victim; ls rt/upstart/sessions | sed s/$pid/PID/`;
    const { stdout } = await run(["/bin/sh", "-c", script], {
      environment: { PATH: `${programs()}:/usr/bin:/bin` },
      directory: path,
    });
    assert.match(
      stdout,
      /^init: Failed to write the session file: XDG_RUNTIME_DIR, \S+rt is writable by nobody /,
    );
    assert.match(stdout, /\nuntouched\nPID\.session\.new\n$/);
  },
});
