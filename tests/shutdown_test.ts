/** How a container comes to its end: in order, within its time, and with nothing left. */

import assert from "node:assert/strict";
import { Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { descendantsOf, procFile, sendSignal } from "./support/processes.ts";
import { until } from "./support/deadline.ts";

/** A container whose init runs these jobs. */
function init(jobs: Record<string, string>, ...options: string[]): Container {
  const files = Object.entries(jobs).map(([name, text]) =>
    `cat > /run/jobs/${name} <<'END OF FILE'\n${text}END OF FILE\n`
  );
  return new Container(["init", "--confdir", "/run/jobs", "--shutdown-timeout=60", ...options], {
    prepare: `mkdir /run/jobs\n${files.join("")}`,
  });
}

function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, ignore: !CONTAINERS_POSSIBLE, fn: body });
}

/** A service that tells of its start and of its end, and before that does something else. */
function service(name: string, first = ":", more = ""): string {
  return `start on startup\nkill timeout 600\n${more}script\n  trap '${first}; echo ${name} ends; exit 0' TERM\n` +
    `  echo ${name} runs\n  while :; do sleep 0.01; done\nend script\n`;
}

/** A time to stop in which whoever heeds SIGTERM has ended, however busy the machine is. */
const ENOUGH = "--shutdown-timeout=5";

/** A line of shell that waits until a file is there. */
const awaits = (file: string) => `until [ -e /run/${file} ]; do sleep 0.01; done`;

/** A service that does not end when it is told to. */
const DEAF = "start on startup\nkill timeout 600\nscript\n  trap '' TERM\n  echo deaf runs\n" +
  "  while :; do sleep 0.05; done\nend script\n";

test("jobs stop in the order of their conditions, the others at once", async () => {
  using container = init({
    "database.conf": service("database"),
    "web.conf": service("web", ":", "stop on stopping database\n"),
    // It waits for one that is told at the same time, and that one for the last of all.
    "proxy.conf": service("proxy", `touch /run/proxy; ${awaits("slow")}`, "stop on stopping web\n"),
    "slow.conf": service("slow", `touch /run/slow; ${awaits("farewell")}`),
    "quick.conf": service("quick", awaits("proxy")),
    "farewell.conf": "start on stopped database\ntask\n" +
      "post-stop exec touch /run/farewell\nexec echo farewell\n",
  });
  for (const job of ["database", "web", "proxy", "slow", "quick"]) {
    await container.printed(new RegExp(`^${job} runs$`, "m"));
  }
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 0, container.stderr);
  const lines = container.stdout.trim().split("\n").filter((line) => !line.endsWith("runs"));
  // Nobody waits for the quick one.
  assert.equal(lines.filter((line) => line === "quick ends").length, 1);
  assert.deepEqual(lines.filter((line) => line !== "quick ends"), [
    "proxy ends",
    "web ends",
    "database ends",
    "farewell",
    "slow ends",
  ]);
});

/** Migrations that the way down ends, and what starts when they are done. */
const MIGRATIONS = Object.fromEntries(
  Array.from({ length: 10 }, (_, index) => [
    [
      `migrate${index}.conf`,
      "start on startup\ntask\nstop on runlevel [!2345]\nscript\n" +
      `  echo migrate${index} runs\n  exec sleep 600\nend script\n`,
    ],
    [
      `app${index}.conf`,
      `start on stopped migrate${index} RESULT=ok\nrespawn\nscript\n` +
      "  echo app runs\n  exec sleep 600\nend script\n",
    ],
  ]).flat(),
);

for (
  const [how, end] of [
    ["SIGTERM", (container) => container.signal("SIGTERM")],
    ["shutdown", (container) => container.run("/proc/1/exe", "shutdown", "-h", "now")],
  ] satisfies Array<[string, (container: Container) => Promise<unknown>]>
) {
  test(`${how} starts no service: what waited for a task that it ends stays down`, async () => {
    using container = init({
      ...MIGRATIONS,
      "farewell.conf": "start on stopping migrate0\ntask\nexec echo farewell\n",
      "splash.conf": "start on runlevel [06]\npre-start exec echo splash\nexec sleep 600\n",
    });
    for (let index = 0; index < 10; index++) {
      await container.printed(new RegExp(`^migrate${index} runs$`, "m"));
    }
    await end(container);
    assert.equal(await container.ended(), 0, container.stderr);
    const others = container.stdout.trim().split("\n").filter((line) => !line.startsWith("migrate")).sort();
    assert.deepEqual(others, how === "SIGTERM" ? ["farewell"] : ["farewell", "splash"]);
  });
}

for (const signal of ["SIGINT", "SIGQUIT"] as const) {
  test(`${signal} stops a container as SIGTERM does`, async () => {
    using container = init({ "web.conf": service("web") });
    await container.printed(/web runs/);
    await container.signal(signal);
    assert.equal(await container.ended(), 0);
    assert.match(container.stdout, /web ends/);
  });
}

test("after the total time everything left is killed, and that is no success", async () => {
  using container = init(
    { "deaf.conf": DEAF, "polite.conf": service("polite") },
    ENOUGH,
  );
  await container.printed(/deaf runs/);
  await container.printed(/polite runs/);
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 137);
  assert.match(container.stdout, /polite ends/);
  assert.match(container.stderr, /The time to stop is over, killing all that is left: deaf$/m);
});

test("a second signal shortens the time, a third ends it", async () => {
  using container = init({ "deaf.conf": DEAF }, "--shutdown-timeout=600");
  await container.printed(/deaf runs/);
  const pid = await container.pid();
  for (let count = 0; count < 3; count++) {
    sendSignal(pid, "SIGTERM");
    // Signals that are pending at the same time are one.
    await until("init has got the signal", () => !/^ShdPnd:\s+0*[1-9a-f]/m.test(procFile(pid, "status")));
  }
  assert.equal(await container.ended(), 137);
});

test("a stop signal counts while job modules are evaluated, and starts nothing more", async () => {
  using container = init({
    "endless.ts": 'console.error("evaluating"); process.on("SIGTERM", () => {}); for (;;);\n',
    "web.conf": service("web"),
  }, "--verbose");
  await container.ready();
  await until("the module is evaluated", async () => {
    return descendantsOf(await container.pid()).some((pid) => procFile(pid, "cmdline").includes("evaluate"));
  });
  const pid = await container.pid();
  // It may have ended by the second one.
  for (let count = 0; count < 2; count++) sendSignal(pid, "SIGTERM");
  await container.ended();
  assert.equal(container.stdout, "");
});

test("each job has its own kill timeout", async () => {
  using container = init({ "deaf.conf": DEAF.replace("600", "1") }, "--shutdown-timeout=600");
  await container.printed(/deaf runs/);
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 0);
  assert.match(container.stderr, /deaf main process \(\d+\) killed by KILL signal/);
});

test("orphans are told to end when the jobs have, and killed if they do not", async () => {
  using container = init({
    "parent.conf": "start on startup\nscript\n" +
      "  (trap 'echo polite orphan; exit 0' TERM; echo one; while :; do sleep 0.01; done) &\n" +
      "  (trap '' TERM; echo two; while :; do sleep 0.01; done) &\n" +
      "  exec setsid sh -c 'setsid sleep 600 & echo three; exec sleep 600'\nend script\n",
  }, ENOUGH);
  for (const word of ["one", "two", "three"]) await container.printed(new RegExp(`^${word}$`, "m"));
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 137);
  assert.match(container.stdout, /polite orphan/);
});

Deno.test({
  name: "a fork bomb under a process limit holds up neither init nor the end of the container",
  ignore: !CONTAINERS_POSSIBLE || Deno.uid() !== 0,
  async fn() {
    using container = init({
      "bomb.conf":
        "start on startup\nrespawn\nrespawn limit unlimited\nsetuid nobody\nlimit nproc 100 100\n" +
        "script\n  bomb() { bomb | bomb & }\n  while :; do bomb; done\nend script\n",
    }, "--shutdown-timeout=2");
    await until("the limit is reached", () => /Cannot fork|Resource temporarily/.test(container.stderr));
    const { stdout } = await container.run("/proc/1/exe", "initctl", "status", "bomb");
    assert.match(stdout, /^bomb start\//);
    await container.signal("SIGTERM");
    assert([0, 137].includes(await container.ended()));
  },
});

test("a supervisor that is not process 1 leaves nothing behind either", async () => {
  using outer = new Container([
    "run",
    "--",
    "/bin/sh",
    "-c",
    // Else it would listen in the /tmp of all.
    'mkdir -m 700 /run/own; XDG_RUNTIME_DIR=/run/own "$0" "$@"; echo "inner: $?"; exec sleep 600',
    ...inner(),
  ]);
  await outer.printed(/^ready$/m);
  const pid = await outer.pid();
  const below = descendantsOf(pid).find((child) =>
    procFile(child, "cmdline").startsWith("/proc/1/exe\0run\0")
  )!;
  sendSignal(below, "SIGTERM");
  await outer.printed(/^inner: 143$/m);
  const left = () =>
    descendantsOf(pid).map((child) => procFile(child, "cmdline").replaceAll("\0", " ")).join();
  await until(
    "nothing is left below the outer init but what its command became",
    () => left() === "sleep 600 ",
  );
});

/** Words that run a command below another init, with an orphan that does not end when told to. */
function inner(): string[] {
  const orphan = "(setsid sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.01; done' &)";
  return ["/proc/1/exe", "run", "--shutdown-timeout=0.5", "--", "/bin/sh", "-c", `${orphan}; exec sleep 600`];
}

test("without jobs init stays until it is told to end", async () => {
  using container = init({});
  await container.ready();
  await container.signal("SIGUSR2");
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 0);
});

test("SIGHUP reads the configuration again, SIGUSR2 lists the jobs, SIGUSR1 makes the socket anew", async () => {
  using container = init({
    "web.conf": service("web"),
    "broken.conf": "nonsense\n",
    "remove.conf": "start on started web\ntask\nscript\n  rm -r /run/rouse\n  kill -USR1 1\n" +
      "  until [ -S /run/rouse/control ]; do sleep 0.01; done\n  echo back\nend script\n",
  });
  await container.printed(/back/);
  const errors = () => container.stderr.match(/Unknown stanza/g)?.length ?? 0;
  await until("the error is told", () => errors() === 1);
  await container.signal("SIGHUP");
  await until("the error is told again", () => errors() === 2);
  await container.signal("SIGUSR2");
  await until("jobs are listed", () => /^web start\/running, process \d+$/m.test(container.stderr));
});
