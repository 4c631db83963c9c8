/** What processes have that nobody has told them: file mode mask, directory, and whose they are. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import process from "node:process";
import { contain, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { RunningInit } from "./support/init.ts";

const isRoot = process.getuid?.() === 0;
const TELL = "umask; pwd";

/** What a command tells as the entrypoint of a container whose image has these. */
async function inContainer(...options: string[]): Promise<string> {
  const { exit, stdout, stderr } = await contain(["run", ...options, "--", "/bin/sh", "-c", TELL], {
    prepare: "umask 027; cd /usr",
  });
  assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
  return stdout;
}

Deno.test({
  name: "a container's mask and directory are its jobs', unless they are not to inherit",
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    assert.equal(await inContainer(), "0027\n/usr\n");
    assert.equal(await inContainer("--no-inherit-env"), "0022\n/\n");
  },
});

Deno.test({
  name: "what a job says goes before that",
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    const words = ["run", "--confdir=/mnt", "--no-inherit-env", "--", "/bin/sh", "-c", TELL];
    const { stdout } = await contain(words, {
      prepare: "umask 077; mount -t tmpfs none /mnt; printf 'umask 007\\nchdir /usr\\n' > /mnt/main.conf",
    });
    assert.equal(stdout, "0007\n/usr\n");
  },
});

Deno.test({
  name: "a relative directory of a job is seen from where jobs are without one",
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    const told = async (...options: string[]) => {
      const words = ["run", "--confdir=/mnt", ...options, "--", "/bin/sh", "-c", "pwd"];
      const prepare =
        "mount -t tmpfs none /mnt; mkdir -p /mnt/usr; printf 'chdir usr\\n' > /mnt/main.conf; cd /mnt";
      return (await contain(words, { prepare })).stdout;
    };
    assert.equal(await told(), "/mnt/usr\n");
    assert.equal(await told("--no-inherit-env"), "/usr\n");
  },
});

Deno.test("a session's mask is 022 for jobs that are not to inherit, and its directory stays", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "plain.conf": `task\nexec sh -c '${TELL}'\n`,
    },
    arguments: ["--no-inherit-env"],
  });
  await init.until(["status", "plain"], "plain stop/waiting\n");
  await init.ask("start", "plain");
  assert.deepEqual(await init.untilLines("log/plain.log", 2), ["0022", "/"]);
});

const [, home, shell] = /^nobody:.*:(.*):(.*)$/m.exec(readFileSync("/etc/passwd", "utf8")) ?? [];
const NAMES = ["HOME", "USER", "LOGNAME", "SHELL"];
const PRINT = NAMES.map((name) => `$${name}`).join(" ");

/** What a job tells of whose it is. */
async function tell(init: RunningInit, job: string, ...start: string[]): Promise<string> {
  await init.until(["status", job], `${job} stop/waiting\n`);
  assert.equal((await init.initctl("start", job, ...start)).exit, 0, init.messages());
  const lines = await init.untilLines(`log/${job}.log`, 1);
  return lines.at(-1)!.trim();
}

Deno.test({
  name: "a job of another user is told whose it is, unless somebody says otherwise",
  ignore: !isRoot,
  async fn() {
    const script = `script\necho ${PRINT}\nend script\n`;
    await using init = await RunningInit.start({
      jobs: {
        "user.conf": `task\nsetuid nobody\n${script}`,
        "plain.conf": `task\n${script}`,
        "group.conf": `task\nsetgid daemon\n${script}`,
        "env.conf": `task\nsetuid nobody\nenv HOME=/root\nenv SHELL=/bin/own\n${script}`,
        "given.conf": `task\nsetuid nobody\n${script}`,
        "event.conf": `task\nstart on go\nsetuid nobody\n${script}`,
        "table.conf": `task\nsetuid nobody\n${script}`,
        "named.conf": `task\nsetuid nobody\ninstance $HOME\n${script}`,
        "hooks.conf": `task\nsetuid nobody\npre-start script\necho $HOME\nend script\nexec true\n`,
        "function.ts": 'import { job } from "rouse";\nimport process from "node:process";\n' +
          'export default job({ task: true, user: "nobody", main({ log }) {\n' +
          `  log(${JSON.stringify(NAMES)}.map((name) => process.env[name]).join(" ")); } });\n`,
      },
      environment: { HOME: "/root", USER: "root", LOGNAME: "root", SHELL: "/bin/roots" },
    });
    const nobody = `${home} nobody nobody ${shell}`, root = "/root root root /bin/roots";
    assert.equal(await tell(init, "user"), nobody);
    assert.equal(await tell(init, "function"), nobody);
    assert.equal(await tell(init, "hooks"), home);
    assert.equal(await tell(init, "plain"), root);
    assert.equal(await tell(init, "group"), root);
    assert.equal(await tell(init, "env"), "/root nobody nobody /bin/own");
    assert.equal(await tell(init, "given", "HOME=/root", "USER=me"), `/root me nobody ${shell}`);
    await init.ask("emit", "go", "HOME=/from/event");
    assert.equal(
      (await init.untilLines("log/event.log", 1))[0],
      `/from/event nobody nobody ${shell}`,
    );
    await init.ask("set-env", "--global", "HOME=/from/table");
    assert.equal(await tell(init, "table"), `/from/table nobody nobody ${shell}`);
    await init.ask("start", "named");
    assert.equal((await init.untilLines("log/named-_from_table.log", 1)).length, 1);
  },
});

Deno.test("one's own user is told as well where init has no such variables", async () => {
  const { username, homedir } = userInfo();
  await using init = await RunningInit.start({
    jobs: { "own.conf": `task\nsetuid ${username}\nexec sh -c 'echo $HOME $USER $LOGNAME'\n` },
    arguments: ["--no-inherit-env"],
  });
  assert.equal(await tell(init, "own"), `${homedir} ${username} ${username}`);
});

Deno.test({
  name: "a process with a root directory of its own begins there",
  ignore: !isRoot,
  async fn() {
    await using init = await RunningInit.start({
      jobs: { "confined.conf": "task\nchroot /usr/..\nexec pwd\n" },
    });
    assert.equal(await tell(init, "confined"), "/");
  },
});
