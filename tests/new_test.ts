/** rouse new, by the compiled executable. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { parseConf } from "../compat/upstart/parse.ts";
import { withDefaultsOf } from "../lib/model/job.ts";
import { environmentWith, Files } from "./support/author.ts";
import { run } from "./support/command.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";
import { evaluated, rouse } from "./support/tools.ts";

Deno.test("rouse new: a job in each format, from options, is the job that was asked for", async () => {
  using files = new Files({});
  const about = [
    "--exec",
    'web --port "$PORT"',
    "--description=a web server",
    "--respawn",
    "--start-on=started db and net-up IFACE!=lo",
    "--env=PORT=80",
    "--needs=db",
    "--needs=completed(migrate)",
    "--ready=http http://127.0.0.1:$PORT/",
    "--user=www",
  ];
  const written = await rouse(files, "new", "net/web", "--conf", "-o", "conf", ...about);
  assert.deepEqual(written, { exit: 0, stdout: "conf/net/web.conf: written\n", stderr: "" });
  assert.equal((await rouse(files, "new", "net/web", "-o", "conf", ...about)).exit, 0);
  const classic = readFileSync(files.path("conf/net/web.conf"), "latin1");
  const job = (await evaluated(files, "conf")).get("net/web")!;
  // Each has the defaults of its format.
  assert.deepEqual(withDefaultsOf(job, { semantics: "upstart" }), parseConf(classic, job.source, "net/web"));
  assert.deepEqual([job.description, job.respawn, job.env, job.setuid], [
    "a web server",
    true,
    ["PORT=80"],
    "www",
  ]);
  assert.deepEqual(job.needs, ["db", "completed(migrate)"]);
  assert.deepEqual(job.ready, { kind: "http", url: "http://127.0.0.1:$PORT/" });
  assert.match(classic, /^# When to start.*\nstart on \(started db and net-up IFACE!=lo\)$/m);
  assert.match(
    readFileSync(files.path("conf/net/web.ts"), "utf8"),
    /^ {2}\/\/ When to start.*\n {2}startOn: started\("db"\)/m,
  );

  const again = await rouse(files, "new", "net/web", "-o", "conf", ...about);
  const exists = "rouse: Unable to write conf/net/web.ts: it exists\n";
  assert.deepEqual(again, { exit: 1, stdout: "", stderr: exists });
});

Deno.test("rouse new: services start with init and are respawned, tasks wait to be asked", async () => {
  using files = new Files({});
  for (const option of ["--description=x", "--no-respawn", "--manual", "--task", "--task --respawn"]) {
    const name = option.replaceAll(/\W+/g, "");
    assert.equal((await rouse(files, "new", name, ...option.split(" "), "--exec=x")).exit, 0);
  }
  const startup = { kind: "event", name: "startup", matches: [] };
  const jobs = Array.from(
    await evaluated(files, "."),
    ([name, { semantics, startOn, stopOn, task, respawn }]) => {
      assert.deepEqual([semantics, stopOn], ["rouse", undefined]);
      return [name, startOn, task, respawn];
    },
  );
  assert.deepEqual(jobs.sort(), [
    ["descriptionx", startup, false, true],
    ["manual", undefined, false, true],
    ["norespawn", startup, false, false],
    ["task", undefined, true, false],
    ["taskrespawn", undefined, true, true],
  ]);
  assert.match((await rouse(files, "check", "--notypes", ".")).stdout, /^5 jobs, 0 errors, 0 warnings; /);
});

Deno.test("rouse new: hints are of what a job does not say yet, and those for services are not in tasks", async () => {
  using files = new Files({});
  const hints = async (...words: string[]) => {
    const { exit, stderr } = await rouse(files, "new", ...words, "--exec=x");
    assert.equal(exit, 0, stderr);
    const [name] = words;
    const text = readFileSync(files.path(words.includes("--conf") ? `${name}.conf` : `${name}.ts`), "utf8");
    return Array.from(
      text.slice(text.indexOf("More that")).matchAll(/^ *(?:\/\/|#) (\w+)/gm),
      ([, word]) => word,
    );
  };
  const more = ["respawn", "env", "user", "limit", "startTimeout", "preStart"];
  assert.deepEqual(await hints("service", "--manual"), ["needs", "ready", "alive", ...more]);
  assert.deepEqual(await hints("task", "--task", "--needs=db"), more);
  assert.deepEqual(await hints("full", "--ready=tcp 80", "--needs=db"), ["alive", ...more]);
  assert.deepEqual((await hints("classic", "--conf", "--user=www")).slice(0, 4), [
    "semantics",
    "needs",
    "ready",
    "alive",
  ]);
});

Deno.test("rouse new: what is wrong is told, and nothing is written", async () => {
  using files = new Files({});
  const wrong: Array<[words: string[], message: string]> = [
    [["--exec=x"], "missing job name"],
    [["a", "b", "--exec=x"], "unexpected argument: b"],
    [["a"], "missing option --exec, and there is no terminal to ask on"],
    [["a", "--task"], "missing option --exec"],
    [
      ["a", "--exec=x", "--start-on=and"],
      "invalid value of --start-on: and: Expected event behind `start on'",
    ],
    [
      ["a", "--exec=x", "--ready=ping"],
      "invalid value of --ready: ping: Unknown stanza `ready ping'; " +
      "behind `ready' may stand http, tcp, unix, exec, file, log, notify, fd, stopped",
    ],
    [["a", "--exec=x", "--env=A"], "invalid value of --env: A"],
    [["a", "--ts", "--conf", "--exec=x"], "--ts and --conf exclude each other"],
    [["a", "--respawn", "--no-respawn", "--exec=x"], "--respawn and --no-respawn exclude each other"],
    [["a_test", "--exec=x"], 'no job can be called "a_test"'],
    [["/a", "--exec=x"], 'no job can be called "/a"'],
  ];
  for (const [words, message] of wrong) {
    const { exit, stderr } = await rouse(files, "new", ...words);
    const help = "Try `rouse new --help' for more information.\n";
    assert.deepEqual([exit, stderr], [2, `rouse new: ${message}\n${help}`]);
  }
  assert.deepEqual(readdirSync(files.directory), []);
});

/** Runs a command on a terminal of its own and answers each question, which ends in a colon. */
const ON_TERMINAL = `
import os, pty, sys
answers = sys.argv[1].split("|")
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[2], sys.argv[2:])
said = b""
try:
    while part := os.read(terminal, 1024):
        said += part
        if said.endswith(b": ") and answers:
            os.write(terminal, answers.pop(0).encode() + b"\\r")
            said = b""
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

Deno.test({
  name: "rouse new: asks on a terminal",
  ignore: !installed("python3"),
  async fn() {
    using files = new Files({});
    const answers = "a web server||web -f||db|tcp 80|started db|runlevel [016]||www";
    const { exit, stdout, stderr } = await run(
      ["python3", "-c", ON_TERMINAL, answers, EXECUTABLE, "new", "web", "--conf"],
      { directory: files.directory, environment: environmentWith({ TERM: "dumb" }) },
    );
    assert.equal(exit, 0, stdout + stderr);
    const job = parseConf(readFileSync(files.path("web.conf"), "latin1"), "f", "web");
    const text =
      "description 'a web server'\nstart on started db\nstop on runlevel [016]\nneeds db\nready tcp 80\nrespawn\nsetuid www\nexec web -f\n";
    assert.deepEqual(job, parseConf(text, "f", "web"));
  },
});
