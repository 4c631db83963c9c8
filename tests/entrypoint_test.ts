/** `rouse run` as the entrypoint of a container: exit statuses, signals, users, and what may be missing. */

import assert from "node:assert/strict";
import { constants } from "node:os";
import { pool } from "./support/pool.ts";
import { until } from "./support/deadline.ts";
import { run } from "./support/command.ts";
import { EXECUTABLE } from "./support/programs.ts";
import { contain, Container, CONTAINERS_POSSIBLE } from "./support/container.ts";

function test(name: string, body: () => Promise<void>, ignore = false): void {
  Deno.test({ name, ignore: ignore || !CONTAINERS_POSSIBLE, fn: body });
}

const inTurn = pool(4);

/** Runs a line of shell as the command of a container. */
function runShell(line: string, ...options: string[]) {
  return inTurn(() => contain(["run", ...options, "--", "/bin/sh", "-c", line]));
}

test("all exit statuses are the container's", async () => {
  const statuses = Array.from({ length: 256 }, (_, status) => status);
  const exits = await Promise.all(statuses.map(async (status) => (await runShell(`exit ${status}`)).exit));
  assert.deepEqual(exits, statuses);
});

test("a command that a signal ends gives 128 and the signal's number", async () => {
  const fatal = Object.values(constants.signals).filter((signal) =>
    ![
      constants.signals.SIGCHLD,
      constants.signals.SIGCONT,
      constants.signals.SIGSTOP,
      constants.signals.SIGTSTP,
      constants.signals.SIGTTIN,
      constants.signals.SIGTTOU,
      constants.signals.SIGURG,
      constants.signals.SIGWINCH,
    ].includes(signal)
  );
  const all = [...new Set([...fatal, 34, 64])];
  assert(all.length > 20);
  const exits = await Promise.all(
    all.map(async (signal) => (await runShell(`ulimit -c 0; kill -${signal} $$`)).exit),
  );
  assert.deepEqual(exits, all.map((signal) => 128 + signal));
});

test("a command that is not there gives 127, one that cannot be run 126, as in a shell", async () => {
  const absent = await contain(["run", "--", "/no/such/command"]);
  assert.deepEqual([absent.exit, absent.stdout], [127, ""]);
  assert.match(absent.stderr, /unable to execute \/no\/such\/command: No such file or directory/);
  assert.equal((await contain(["run", "no-such-command"])).exit, 127);
  assert.equal((await contain(["run", "--", "/etc"])).exit, 126);
  assert.equal((await contain(["run"])).exit, 1);
});

test("the command has init's input, environment and directory, and its words as they are", async () => {
  using container = new Container(
    ["run", "/bin/sh", "-c", 'cat; echo "$GREETING $1 $PWD"; printf "no end"', "sh", "$GREETING ${x} $"],
    { environment: { GREETING: "hello" }, input: "pipe" },
  );
  container.write("from outside\n");
  assert.equal(await container.ended(), 0);
  assert.equal(container.stdout, "from outside\nhello $GREETING ${x} $ /\nno end");
  assert.equal(container.stderr, "");
});

test("signals are forwarded to the command", async () => {
  const signals = ["HUP", "INT", "QUIT", "USR1", "USR2", "WINCH", "CONT", "TSTP"] as const;
  const traps = signals.map((signal) => `trap 'echo ${signal}' ${signal}`).join("; ");
  using container = new Container([
    "run",
    "--",
    "/bin/sh",
    "-c",
    `${traps}; echo ready; while :; do sleep 0.01; done`,
  ]);
  await container.printed(/ready/);
  for (const signal of signals) {
    await container.signal(`SIG${signal}`);
    await container.printed(new RegExp(`^${signal}$`, "m"));
  }
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 128 + constants.signals.SIGTERM);
});

test("rouse without words is init when it is process 1", async () => {
  using container = new Container([]);
  await container.ready();
  await until("init answers", async () => {
    return (await container.run("/proc/1/exe", "initctl", "version")).exit === 0;
  });
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 0);
});

test("a container that is stopped gives what its command makes of that", async () => {
  using polite = new Container([
    "run",
    "--",
    "/bin/sh",
    "-c",
    "trap 'exit 42' TERM; echo ready; while :; do sleep 0.01; done",
  ]);
  await polite.printed(/ready/);
  await polite.signal("SIGTERM");
  assert.equal(await polite.ended(), 42);
});

test("a signal that comes while init starts is not lost", async () => {
  using container = new Container(["run", "--", "sleep", "600"]);
  await container.ready();
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 128 + constants.signals.SIGTERM);
});

test("configured jobs run beside the command, and are stopped when it has ended", async () => {
  const waits = "until test -e /run/side; do sleep 0.01; done";
  const { exit, stdout } = await inTurn(() =>
    contain(["run", "--confdir", "/run/jobs", "--", "/bin/sh", "-c", `${waits}; echo main; exit 3`], {
      prepare: "mkdir /run/jobs\n" +
        'printf \'start on startup\\nscript\\ntrap "echo side is stopped; exit" TERM\\n' +
        "echo side\\ntouch /run/side\\nwhile :; do sleep 0.01; done\\nend script\\n' > /run/jobs/side.conf",
    })
  );
  assert.equal(exit, 3);
  assert.equal(stdout, "side\nmain\nside is stopped\n");
});

test("a configured job of the name main says all but the command", async () => {
  const { exit, stdout } = await contain([
    "run",
    "--confdir",
    "/run/jobs",
    "/bin/sh",
    "-c",
    "echo $NAME; kill $$",
  ], {
    prepare: "mkdir /run/jobs\n" +
      "printf 'env NAME=configured\\nnormal exit TERM\\npost-stop exec echo after\\n' > /run/jobs/main.conf",
  });
  assert.deepEqual([exit, stdout], [0, "configured\nafter\n"]);
});

/** Runs init with one job until the container ends by itself. */
function runJob(text: string, ...options: string[]) {
  return inTurn(() =>
    contain(["init", "--confdir", "/run/jobs", ...options], {
      prepare: `mkdir /run/jobs; printf '${text}' > /run/jobs/job.conf`,
    })
  );
}

test("--exit-with ends init with the job's status once it has ended for good", async () => {
  const cases: Array<[text: string, status: number]> = [
    ['start on startup\\nexec sh -c "exit 9"\\n', 9],
    ["start on startup\\nexec true\\n", 0],
    ["start on startup\\ntask\\nexec kill -KILL $$\\n", 137],
    ['start on startup\\nnormal exit 4\\nexec sh -c "exit 4"\\n', 0],
    ["start on startup\\nexec /no/such/command\\n", 127],
    ['start on startup\\npre-start exec sh -c "exit 5"\\nexec sleep 600\\n', 5],
    ['start on startup\\nexec true\\npost-stop exec sh -c "exit 6"\\n', 6],
    ['start on startup\\nrespawn\\nrespawn limit 2 60\\nexec sh -c "exit 8"\\n', 8],
    // Never 0 on failure.
    ["start on startup\\nrespawn\\nrespawn limit 2 60\\nexec true\\n", 1],
  ];
  const exits = await Promise.all(
    cases.map(async ([text]) => (await runJob(text, "--exit-with", "job")).exit),
  );
  assert.deepEqual(exits, cases.map(([, status]) => status));
});

test("--exit-with a job that there is not ends at once", async () => {
  const { exit, stderr } = await runJob("exec true\\n", "--exit-with", "other");
  assert.deepEqual([exit, stderr], [1, "init: Unable to exit with other: there is no such job\n"]);
});

test("--exit-with tells of the job's exit as endsInit does: by the exit status alone", async () => {
  const status = 'start on startup\\nexec sh -c "exit 3"\\n';
  const { exit, stderr } = await runJob(status, "--exit-with", "job");
  assert.deepEqual([exit, stderr], [3, ""]);
  // What is defined, changed or removed later is as before. It is in force once init has answered.
  const later = "start on startup\\nscript\\n  %s\\n  /proc/1/exe initctl reload-configuration\\n" +
    "  exit 4\\nend script\\n";
  const rm = later.replace("%s", "rm /run/jobs/job.conf");
  const change = later.replace("%s", "echo description other >> /run/jobs/job.conf");
  for (const text of [rm, change]) {
    const { exit, stderr } = await runJob(text, "--exit-with", "job");
    assert.deepEqual([exit, stderr], [4, ""]);
  }
});

test("a TypeScript job says itself that init ends with it", async () => {
  const { exit, stderr } = await contain(["init", "--confdir", "/run/jobs"], {
    prepare: "mkdir /run/jobs; " +
      `echo 'import { job, on } from "rouse"; export default job({ startOn: on("startup"), ` +
      `endsInit: true, script: "exit 11" });' > /run/jobs/job.ts`,
  });
  assert.equal(exit, 11);
  assert.match(stderr, /^init: Init ends, because job failed$/m);
});

test("an exit that is not init's own is told: of a run that is respawned, and of a hook", async () => {
  const respawned = await contain(["run", "--confdir", "/run/jobs", "--", "/bin/sh", "-c", "exit 44"], {
    prepare: "mkdir /run/jobs; printf 'respawn\\nrespawn limit 2 60\\n' > /run/jobs/main.conf",
  });
  assert.equal(respawned.exit, 44);
  assert.equal(respawned.stderr.match(/main main process \(\d+\) terminated with status 44$/gm)?.length, 3);
  const hook = await contain(["run", "--confdir", "/run/jobs", "--", "/bin/true"], {
    prepare: "mkdir /run/jobs; printf 'pre-start exec sh -c \"exit 5\"\\n' > /run/jobs/main.conf",
  });
  assert.equal(hook.exit, 5);
  assert.match(hook.stderr, /^init: main pre-start process \(\d+\) terminated with status 5$/m);
  const { stderr } = await contain(["run", "--confdir", "/run", "--", "/bin/sh", "-c", "exit 44"], {});
  assert.doesNotMatch(stderr, /terminated/);
});

/** What a command may need to find in a container whose init is no root. */
const ASK = "id -u; echo out > /dev/stdout; echo error > /dev/stderr; exit 21";

test("any user will do, one without an entry in /etc/passwd too", async () => {
  const { exit, stdout, stderr } = await contain(["run", "--", "/bin/sh", "-c", ASK], {
    prepare: 'set -- setpriv --reuid 12345 --regid 12345 --clear-groups "$@"',
  });
  assert.deepEqual([exit, stdout], [21, "12345\nout\n"]);
  assert.equal(stderr, "error\n");
}, Deno.uid() !== 0);

test("a read-only root without /dev, devpts, /run and /var/log is told of once, and everything else works", async () => {
  const { exit, stdout, stderr } = await contain([
    "run",
    "--confdir",
    "/mnt/jobs",
    "--",
    "/bin/sh",
    "-c",
    "echo $$; until test -e /mnt/done/one && test -e /mnt/done/two; do sleep 0.01; done; exit 22",
  ], {
    // The jobs tell by files that they have printed. Nobody else can write there.
    prepare: "mount -t tmpfs none /mnt; mkdir /mnt/jobs /mnt/done; mount -t tmpfs none /mnt/done\n" +
      "printf 'console log\\nstart on startup\\ntask\\nscript\\n[ -t 1 ] || echo no terminal\\n" +
      "touch /mnt/done/$UPSTART_JOB\\nend script\\n' | " +
      "tee /mnt/jobs/one.conf > /mnt/jobs/two.conf\n" +
      "mount -t tmpfs -o ro none /dev; mount -t tmpfs -o ro none /run; mount -t tmpfs -o ro none /var/log\n" +
      "mount -o remount,ro,bind /mnt",
  });
  assert.equal(exit, 22);
  assert.match(stdout.trim().split("\n").sort().join(), /^\d+,no terminal,no terminal$/);
  const lines = stderr.trim().split("\n");
  assert.equal(new Set(lines).size, lines.length, stderr);
  assert.match(stderr, /Failed to open \/dev\/null/);
  assert.match(stderr, /Failed to write to \/var\/log\/upstart/);
});

test("jobs have the container's environment, or with --no-inherit-env PATH and TERM alone", async () => {
  const words = ["run", "--", "/usr/bin/env"];
  const environment = { GREETING: "hello", TERM: "dumb", UPSTART_SESSION: "another's" };
  const names = (text: string) => text.trim().split("\n").map((line) => line.split("=")[0]).sort().join(" ");
  // The shell that prepares the container adds PWD.
  const own = "UPSTART_EVENTS UPSTART_INSTANCE UPSTART_JOB";
  assert.equal(names((await contain(words, { environment })).stdout), `GREETING PATH PWD TERM ${own}`);
  const bare = await contain(["run", "--no-inherit-env", ...words.slice(1)], { environment });
  assert.equal(names(bare.stdout), `PATH TERM ${own}`);
});

test("an init that finds the usual places taken listens elsewhere and tells its jobs", async () => {
  // The outer init has the abstract socket and the file below /run.
  const inner = (environment: string) =>
    `env ${environment} /proc/1/exe run --confdir /run/user -- /bin/sh -c ` +
    "'echo $UPSTART_SESSION; /proc/1/exe initctl list'";
  const { exit, stdout, stderr } = await contain(
    [
      "run",
      "--",
      "/bin/sh",
      "-c",
      `${inner("XDG_RUNTIME_DIR=/run/user")}; ${inner("A=b")}; /proc/1/exe initctl list`,
    ],
    {
      // The executable itself may lie below /tmp.
      prepare: `mkdir /run/user; exec 9< "$1"; mount -t tmpfs none /tmp; shift; exec /proc/self/fd/9 "$@"`,
    },
  );
  assert.equal(exit, 0, stderr);
  assert.match(
    stdout,
    new RegExp(
      "^unix:path=/run/user/rouse/control\nmain start/running, process \\d+\n" +
        "unix:path=/tmp/rouse-\\d+/control\nmain start/running, process \\d+\n" +
        "main start/running, process \\d+\n$",
    ),
  );
  assert.match(stderr, /EADDRINUSE.*listening on unix:path=\/run\/user\/rouse\/control/);
});

test("an ordinary user's container", async () => {
  const { exit, stdout } = await run(
    [
      ..."setpriv --reuid 12345 --regid 12345 --clear-groups unshare --user --fork --pid --mount-proc --net"
        .split(" "),
      ...[EXECUTABLE, "run", "--", "/bin/sh", "-c", "/proc/1/exe initctl list; exit 23"],
    ],
    { environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, directory: "/" },
  );
  assert.equal(exit, 23);
  assert.match(stdout, /^main start\/running, process \d+\n$/);
}, Deno.uid() !== 0);
