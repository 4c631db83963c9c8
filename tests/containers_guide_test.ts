/** What docs/containers.md, monitoring.md and machine.md show and say is true: images, manifests and scripts are run. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { parse } from "yaml";
import { parseConf } from "../compat/upstart/parse.ts";
import { run } from "./support/command.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { MINIMAL_ROOT_POSSIBLE, type MinimalOptions, MinimalRoot } from "./support/minimal_root.ts";
import { NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { EXECUTABLE, installed, programs } from "./support/programs.ts";
import { sendSignal } from "./support/processes.ts";

const ROOT = join(import.meta.dirname!, "..");
const GUIDE = ["containers.md", "monitoring.md", "machine.md"]
  .map((page) => readFileSync(join(ROOT, "docs", page), "utf8")).join("\n");

/** The code blocks of the pages in a language. */
function blocks(language: string): string[] {
  return Array.from(
    GUIDE.matchAll(new RegExp("^```" + language + "\n(.*?)^```", "gms")),
    ([, text]) => text!,
  );
}

/** A Dockerfile's instructions. */
function instructions(dockerfile: string): Array<[name: string, value: string]> {
  return dockerfile.trim().split("\n").map((line) => {
    const [, name, value] = /^([A-Z]+) (.+)$/.exec(line)!;
    return [name!, value!];
  });
}

/** The words of an instruction that is given as JSON, maybe behind options. */
function words(dockerfile: string, name: string): string[] {
  const value = instructions(dockerfile).find((one) => one[0] === name)![1];
  return JSON.parse(value.slice(value.indexOf("[")));
}

const [DEBIAN = "", DISTROLESS = ""] = blocks("dockerfile");
const [COMPOSE, DEPLOYMENT] = blocks("yaml").map((text) => parse(text));

/** Jobs that need no shell. */
const JOBS: MinimalOptions = {
  programs: ["/bin/sleep"],
  files: {
    "etc/init/web.conf": "start on stopped first\nexec /bin/sleep 600\n",
    "etc/init/first.ts": 'import { job, on } from "rouse";\n' +
      'export default job({ startOn: on("startup"), task: true, main({ log }) { log("first is done"); } });\n',
  },
};

function test(name: string, possible: boolean, fn: () => Promise<void>): void {
  Deno.test({ name: `docs/containers.md: ${name}`, ignore: !possible, fn });
}

Deno.test("docs/containers.md: the Dockerfiles copy what is there and run what exists", () => {
  assert.equal(blocks("dockerfile").length, 2);
  for (const dockerfile of [DEBIAN, DISTROLESS]) {
    for (const [name, value] of instructions(dockerfile)) {
      assert.ok(["FROM", "COPY", "RUN", "HEALTHCHECK", "ENTRYPOINT", "CMD"].includes(name), name);
      if (name === "COPY") assert.ok(existsSync(join(ROOT, value.split(" ")[0]!)), value);
    }
  }
  assert.deepEqual(instructions(DISTROLESS).filter(([name]) => name === "RUN"), [], "there is no shell");
});

test("the first image's RUN makes the links", true, async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const line = instructions(DEBIAN).find(([name]) => name === "RUN")![1];
  const [program, ...rest] = line.split(" ");
  assert.equal(program, "rouse");
  assert.equal(rest.pop(), "/sbin");
  const { exit } = await run([EXECUTABLE, ...rest, directory], { environment: {}, directory: "/" });
  assert.equal(exit, 0);
  assert.ok(existsSync(join(directory, "initctl")));
});

for (const [image, dockerfile] of [["Debian's", DEBIAN], ["distroless", DISTROLESS]] as const) {
  test(
    `the ${image} image's ENTRYPOINT, CMD and HEALTHCHECK work in a root without a shell`,
    MINIMAL_ROOT_POSSIBLE,
    async () => {
      await using root = await MinimalRoot.start(
        [...words(dockerfile, "ENTRYPOINT"), ...words(dockerfile, "CMD")],
        JOBS,
      );
      assert.equal(await root.untilSucceeds(...words(dockerfile, "HEALTHCHECK")), "ready\n");
      assert.match(
        await root.untilSucceeds("/usr/local/bin/rouse", "initctl", "status", "web"),
        /start\/running/,
      );
      assert.match(root.output(), /^first is done$/m);
      sendSignal(root.pid, "SIGTERM");
      assert.equal(await root.ended(), 0);
    },
  );
}

test("compose's health check, read-only root and volumes work", MINIMAL_ROOT_POSSIBLE, async () => {
  const { shop, front } = COMPOSE.services;
  const [kind, ...check] = shop.healthcheck.test;
  assert.equal(kind, "CMD");
  assert.equal(shop.read_only, true);
  assert.equal(front.depends_on.shop.condition, "service_healthy");
  await using root = await MinimalRoot.start([...words(DEBIAN, "ENTRYPOINT"), ...words(DEBIAN, "CMD")], {
    ...JOBS,
    readOnly: true,
    volumes: shop.tmpfs,
  });
  assert.equal(await root.untilSucceeds(...check), "ready\n");
  sendSignal(root.pid, "SIGTERM");
  assert.equal(await root.ended(), 0);
});

test(
  "the Deployment's pod works as its user, without capabilities, and answers its probes",
  MINIMAL_ROOT_POSSIBLE,
  async () => {
    assert.equal(DEPLOYMENT.kind, "Deployment");
    const { template, selector } = DEPLOYMENT.spec;
    assert.deepEqual(selector.matchLabels, template.metadata.labels);
    const { securityContext, containers: [shop], terminationGracePeriodSeconds, volumes } = template.spec;
    assert.equal(shop.securityContext.readOnlyRootFilesystem, true);
    assert.deepEqual(
      volumes.map(({ name }: { name: string }) => name),
      shop.volumeMounts.map(
        ({ name }: { name: string }) => name,
      ),
    );
    assert.ok(Number(shop.args[shop.args.indexOf("--shutdown-timeout") + 1]) < terminationGracePeriodSeconds);
    await using root = await MinimalRoot.start([...words(DISTROLESS, "ENTRYPOINT"), ...shop.args], {
      ...JOBS,
      user: securityContext.runAsUser,
      readOnly: true,
      volumes: shop.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath),
    });
    const ports = new Map(
      shop.ports.map((
        { name, containerPort }: { name: string; containerPort: number },
      ) => [name, containerPort]),
    );
    const metrics = template.metadata.annotations["prometheus.io/port"];
    for (const name of ["startupProbe", "readinessProbe", "livenessProbe"]) {
      const { path, port } = shop[name].httpGet;
      assert.equal(path, name === "livenessProbe" ? "/healthz" : "/readyz");
      await root.untilSucceeds("/usr/local/bin/rouse", "probe", String(ports.get(port)), path);
    }
    assert.match(
      await root.untilSucceeds("/usr/local/bin/rouse", "probe", metrics, "/metrics"),
      /^rouse_info\{/m,
    );
    sendSignal(root.pid, "SIGTERM");
    assert.equal(await root.ended(), 0);
  },
);

/** The sections of a unit file (systemd.syntax(7)). */
function parseUnit(text: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> | undefined;
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const header = /^\[(\w+)\]$/.exec(line);
    if (header) section = sections[header[1]!] = {};
    else {
      const [, key, value] = /^(\w+)=(.+)$/.exec(line)!;
      section![key!] = value!;
    }
  }
  return sections;
}

test("systemd takes the unit", installed("systemd-analyze"), async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const unit = join(directory, "shop.service");
  writeFileSync(unit, blocks("ini")[0]!.replace("/usr/local/bin/rouse", EXECUTABLE));
  const { exit, stdout, stderr } = await run(["systemd-analyze", "verify", "--man=no", unit], {
    environment: { PATH: process.env["PATH"]! },
    directory: "/",
  });
  assert.equal(exit, 0, stdout + stderr);
  assert.doesNotMatch(stdout + stderr, /shop\.service:.*(Unknown|Failed|ignoring)/);
});

Deno.test("docs/containers.md: the unit runs init with what it needs", () => {
  const { Unit, Service, Install } = parseUnit(blocks("ini")[0]!);
  assert.ok(Unit && Service && Install);
  const [program, ...rest] = Service["ExecStart"]!.split(" ");
  assert.equal(program, "/usr/local/bin/rouse");
  assert.deepEqual(rest, ["init", "--confdir", "/etc/shop", "--http", "9000"]);
  assert.equal(Service["ExecReload"], "/bin/kill -HUP $MAINPID");
  assert.equal(Service["Environment"], `XDG_RUNTIME_DIR=/run/${Service["RuntimeDirectory"]}`);
});

test("init works below another init, as that unit runs it", MINIMAL_ROOT_POSSIBLE, async () => {
  const command = parseUnit(blocks("ini")[0]!)["Service"]!["ExecStart"]!.split(" ");
  await using root = await MinimalRoot.start(["/usr/local/bin/rouse", "run", "--", ...command], {
    programs: ["/bin/sleep"],
    files: { "etc/shop/web.conf": "start on startup\nexec /bin/sleep 600\n" },
    user: 12345,
    volumes: ["/tmp"],
  });
  assert.equal(await root.untilSucceeds("/usr/local/bin/rouse", "probe", "9000"), "ready\n");
  const metrics = await root.untilSucceeds("/usr/local/bin/rouse", "probe", "9000", "/metrics");
  assert.match(metrics, /^rouse_job_running\{job="web"\} 1$/m);
  sendSignal(root.pid, "SIGTERM");
  await root.ended();
});

test("what an image may lack harms those jobs alone that need it", MINIMAL_ROOT_POSSIBLE, async () => {
  await using root = await MinimalRoot.start(["/usr/local/bin/rouse", "init", "--http", "9000"], {
    programs: ["/bin/sleep"],
    readOnly: true,
    files: {
      "etc/init/shell.conf": "exec echo $PATH\n",
      "etc/init/user.conf": "setuid nobody\nexec /bin/sleep 600\n",
      "etc/init/fine.conf": "start on startup\nexec /bin/sleep 600\n",
      "etc/init/pipe.ts": 'import { job, on } from "rouse";\nimport process from "node:process";\n' +
        'export default job({ startOn: on("startup"), task: true,\n' +
        "  main({ log }) { log(`a terminal: ${process.stdout.isTTY === true}`); } });\n",
    },
  });
  await root.untilSucceeds("/usr/local/bin/rouse", "probe", "9000");
  for (
    const [job, reason] of [["shell", "No such file or directory"], [
      "user",
      "unable to find setuid user nobody",
    ]]
  ) {
    assert.equal((await root.run("/usr/local/bin/rouse", "initctl", "start", job!)).exit, 1);
    assert.match(root.output(), new RegExp(`^init: Failed to spawn ${job} main process: .*${reason}$`, "m"));
  }
  assert.match(root.output(), /^a terminal: false$/m);
  assert.match(await root.untilSucceeds("/usr/local/bin/rouse", "initctl", "status", "fine"), /running/);
});

/** The tables of the pages: rows of cells, without backquotes. */
function table(heading: string): string[][] {
  const lines = GUIDE.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", ""))
  );
}

test("its table of figures names all that there are, with their labels", true, async () => {
  await using init = await RunningInit.start({
    arguments: ["--http", "0", "--verbose"],
    jobs: { "web.conf": "exec sleep 600\n", "done.conf": "task\nexec true\n" },
  });
  const [, port] = await init.untilMessage(/Listening on http:\/\/127\.0\.0\.1:(\d+)/);
  await init.ask("start", "web");
  await init.ask("start", "done");
  const text = (await init.run([EXECUTABLE, "probe", port!, "/metrics"])).stdout;
  const figures = Array.from(text.matchAll(/^# TYPE (\w+) /gm), ([, name]) => name!);
  const described = new Map(table("figure").map(([name, labels]) => [name!, labels!]));
  assert.deepEqual([...described.keys()].sort(), figures.sort());
  for (const [name, labels] of described) {
    const found = new RegExp(`^${name}\\{(.*)\\} `, "m").exec(text)?.[1] ?? "";
    assert.deepEqual(Array.from(found.matchAll(/(\w+)="/g), ([, label]) => label).join(", "), labels, name);
  }
  for (const [path] of table("path")) {
    assert.equal((await init.run([EXECUTABLE, "probe", port!, path!])).exit, 0, path);
  }
});

test("the script that mounts /proc begins where there is none", NAMESPACES_POSSIBLE, async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const wrapper = blocks("sh").find((text) => text.includes("mount -t proc"))!;
  assert.equal(wrapper.trimEnd().split("\n").length, 2);
  const script = join(directory, "init");
  writeFileSync(script, wrapper.replace("/usr/local/bin/rouse", EXECUTABLE), { mode: 0o755 });
  const attempt = (command: string) =>
    run(
      [
        "unshare",
        "--fork",
        "--kill-child",
        "--pid",
        "--mount",
        "--net",
        "--propagation",
        "private",
        "/bin/sh",
        "-c",
      ]
        .concat(`mount -t tmpfs tmpfs /proc && exec ${command}`),
      { environment: { PATH: process.env["PATH"]! }, directory: "/" },
    );
  const version = await attempt(`${script} --version`);
  assert.equal(version.exit, 0, version.stderr);
  assert.match(version.stdout, /^init /);
  const { exit } = await attempt(`${EXECUTABLE} init --version`);
  assert.equal(exit !== 0, process.arch !== "x64", "the script is needed on aarch64 alone");
});

Deno.test("docs/containers.md: its job files are right", () => {
  for (const text of blocks("conf")) {
    const { processes } = parseConf(text, "example.conf", "example");
    assert.ok(processes.main);
    if (processes.main.kind === "exec") {
      assert.ok(existsSync(join(programs(), processes.main.command.split(" ")[0]!)));
    }
  }
});

Deno.test("docs/containers.md: the task emits what jobs of a machine wait for", async () => {
  const boot = blocks("conf").find((text) => text.includes("emits filesystem"))!;
  const events = Array.from(boot.matchAll(/initctl emit --no-wait (\S+)/g), ([, event]) => event!);
  assert.deepEqual(events, ["filesystem", "net-device-up", "static-network-up", "runlevel"]);
  const jobs = Object.fromEntries(
    events.map((event) => [`after-${event}.conf`, `start on ${event}\nexec sleep 600\n`]),
  );
  jobs["services.conf"] = "start on filesystem and net-device-up IFACE!=lo\nexec sleep 600\n";
  await using before = await RunningInit.start({ jobs, startupEvent: true });
  assert.doesNotMatch(await before.ask("list"), /running/);
  await using init = await RunningInit.start({ jobs: { ...jobs, "boot.conf": boot }, startupEvent: true });
  await until("all jobs run", async () => (await init.ask("list")).match(/running/g)?.length === 5);
});
