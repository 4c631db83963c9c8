/** Configuration directories of the compiled executable: what is read of them, what is passed over, and links. */

import assert from "node:assert/strict";
import { rename, symlink } from "node:fs/promises";
import { until } from "./support/deadline.ts";
import { contain, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { run } from "./support/command.ts";
import { RunningInit } from "./support/init.ts";
import { EXECUTABLE } from "./support/programs.ts";

const MODULE = 'import { job } from "rouse";\nexport default job({ usage: "VERSION", exec: "sleep 600" });\n';

/** The usages of jobs, as init has them now. */
async function usages(init: RunningInit, ...jobs: string[]): Promise<string> {
  const asked = await Promise.all(jobs.map((job) => init.initctl("usage", job)));
  return asked.map(({ stdout }) => stdout.trim().replace("Usage: ", "")).join(" ");
}

Deno.test("what version control and editors keep in a configuration directory defines no jobs", async () => {
  const files = { "x.conf": "exec sleep 600\n", "y.ts": MODULE };
  const directories = [".git", "sub/.old", "CVS", "{arch}", "back~", "sub"];
  const jobs = directories.flatMap((directory) =>
    Object.entries(files).map(([name, text]) => [`${directory}/${name}`, text])
  );
  await using init = await RunningInit.start({ jobs: Object.fromEntries(jobs) });
  await init.until(["list"], /^sub\/y /m);
  await init.shell(
    "mkdir conf/.svn && cp conf/sub/* conf/.svn && mv conf/back~ conf/.back && cp -r conf/sub conf/two",
  );
  await init.until(["list"], /^two\/y /m);
  const listed = (await init.ask("list")).trimEnd().split("\n").map((line) => line.split(" ")[0]);
  assert.deepEqual(listed.sort(), ["sub/x", "sub/y", "two/x", "two/y"]);
});

Deno.test("a ConfigMap: each job is there once, and all change when it is renewed", async () => {
  const version = (number: number) => ({
    [`..v${number}/web.conf`]: `usage ${number}\nexec sleep 600\n`,
    [`..v${number}/plain.override`]: `usage ${number}\n`,
    [`..v${number}/api.ts`]: MODULE.replace("VERSION", `${number}`),
    [`..v${number}/shared.ts`]: `export const version = "${number}";\n`,
  });
  const importing = MODULE.replace('"VERSION"', "version") + 'import { version } from "./shared.ts";\n';
  await using init = await RunningInit.start({
    jobs: { ...version(1), "plain.conf": "exec sleep 600\n", "importing.ts": importing },
  });
  await symlink("..v1", `${init.confdir}/..data`);
  for (const name of ["web.conf", "plain.override", "api.ts", "shared.ts"]) {
    await symlink(`..data/${name}`, `${init.confdir}/${name}`);
  }
  const jobs = ["web", "plain", "api", "importing"];
  await until("the links are followed", async () => await usages(init, ...jobs) === "1 1 1 1");
  const listed = (await init.ask("list")).trimEnd().split("\n").map((line) => line.split(" ")[0]);
  assert.deepEqual(listed.sort(), [...jobs].sort());
  for (const number of [2, 3]) {
    for (const [name, text] of Object.entries(version(number))) init.write(name, text);
    await symlink(`..v${number}`, `${init.confdir}/..data_tmp`);
    await rename(`${init.confdir}/..data_tmp`, `${init.confdir}/..data`);
    await init.shell(`rm -r conf/..v${number - 1}`);
    const wanted = jobs.map(() => number).join(" ");
    await until(`usages are ${wanted}`, async () => await usages(init, ...jobs) === wanted);
  }
});

/** Files as somebody else can write them, and what is said of each. */
const OTHERS: Array<{ make: string; told: RegExp; asRoot?: boolean }> = [
  { make: "cp web new.conf; chmod 666 new.conf", told: /writable by everyone .*mode 0666\); chmod o-w / },
  {
    make: "cp web new.conf; chown nobody new.conf",
    told: /writable by nobody .*; chown root /,
    asRoot: true,
  },
  {
    make: "ln -s @DIR@/shared/web new.conf",
    told: /shared is writable by everyone .*mode 0777\); chmod o-w /,
  },
];

Deno.test("a session's init reads no classic file that somebody else can write, and says why", async () => {
  await using init = await RunningInit.start();
  const web = "printf 'usage web\\nexec sleep 600\\n' > web";
  await init.shell(`${web}; mkdir -m 777 shared; cp web shared`);
  for (const { make, told } of OTHERS.filter(({ asRoot }) => !asRoot || Deno.uid() === 0)) {
    await init.shell(`${make}; mv new.conf conf`);
    const place = `^init:${init.confdir}/new.conf: File is not read: .*`;
    await init.untilMessage(new RegExp(place + told.source, "m"));
    assert.equal((await init.initctl("status", "new")).exit, 1, make);
  }
  await init.shell("chmod 755 shared; cp web new.conf; mv new.conf conf");
  await init.until(["usage", "new"], "Usage: web\n");
});

Deno.test({
  name:
    "a container's init reads its directories from UPSTART_CONFDIR and UPSTART_LOGDIR, and warns of what others can write",
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    const script = "start on startup\\nscript\\n echo logged; exit 7\\nend script\\n";
    const { exit, stdout, stderr } = await contain(
      [
        "run",
        "--",
        "/bin/sh",
        "-c",
        "until test -s /run/log/job.log; do sleep 0.01; done; cat /run/log/job.log",
      ],
      {
        prepare: `mkdir -m 777 /run/jobs; printf '${script}' | tee /run/jobs/job.conf > /run/jobs/other.conf`,
        environment: { UPSTART_CONFDIR: "/run/jobs", UPSTART_LOGDIR: "/run/log" },
      },
    );
    assert.deepEqual([exit, stdout], [0, "logged\r\n"]);
    const [warning = "", ...more] = stderr.split("\n").filter((line) => line.includes("/run/jobs/"));
    assert.match(
      warning,
      /^init:\/run\/jobs\/job.conf: File is read although \/run\/jobs is writable by everyone \(.*chmod o-w \/run\/jobs$/,
    );
    assert.deepEqual(more, []);
  },
});

Deno.test("a wrong value of an option is told in one line, and its control characters are not printed", async () => {
  const ask = (...words: string[]) =>
    run([EXECUTABLE, "init", "--user", ...words], { environment: {}, directory: "/" });
  const { exit, stderr } = await ask("--default-console", "lp0");
  assert.deepEqual([exit, stderr], [1, "init: invalid console type specified: lp0\n"]);
  assert.equal(
    (await ask("--default-console", "a\x1b[2J")).stderr,
    "init: invalid console type specified: a\\e[2J\n",
  );
  assert.match((await ask("--bogus")).stderr, /^init: invalid option: --bogus\nTry `init --help' .*\n$/);
});

Deno.test("names from anywhere reach init's messages as one line without control characters", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "instance $NAME\nexec sh -c 'exit 3'\n" },
  });
  init.write("new\nline.conf", "");
  await init.untilMessage(/^init:.*conf\/new\\nline\.conf: File name holds control characters$/m);
  init.write("\x1b[31mred.conf", "");
  await init.untilMessage(/^init:.*conf\/\\e\[31mred\.conf: File name holds control characters$/m);
  await init.run(["initctl", "start", "web", "NAME=\x1b]0;title\x07\ninit: forged"]);
  await init.untilMessage(
    /^init: web \(\\e\]0;title\\x07\\ninit: forged\) main process \(\d+\) terminated with status 3$/m,
  );
  await init.shell("printf 'usage x' > \"$(printf 'conf/b\\377.conf')\"");
  await init.untilMessage(/^init:.*conf\/b\ufffd\.conf: File name is not valid UTF-8$/m);
});
