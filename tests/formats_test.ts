/** Every stanza of a classic job file and the field of a TypeScript job that says the same. */

import assert from "node:assert/strict";
import {
  all,
  any,
  inherited,
  job,
  not,
  on,
  runlevel,
  started,
  starting,
  startup,
  stopped,
  stopping,
} from "rouse";
import { parseConf } from "../compat/upstart/parse.ts";
import { toDefinition } from "../lib/author/definition.ts";
import type { JobDefinition } from "../lib/model/job.ts";

declare module "rouse" {
  interface Events {
    "shop-open": { CITY: string };
  }
}

const database = job({ name: "database", exec: "/usr/bin/database" });

/** Without `semantics`, a specification has Upstart's here, as the stanzas beside it. */
const SAME: Record<string, [conf: string, specification: object]> = {
  "nothing": ["", job({})],
  "description": [`description "a shop"`, job({ description: "a shop" })],
  "author": [`author "Ada <ada@example.org>"`, job({ author: "Ada <ada@example.org>" })],
  "version": [`version "1.2"`, job({ version: "1.2" })],
  "usage": [`usage "PORT=number"`, job({ usage: "PORT=number" })],
  "start on startup": ["start on startup", job({ startOn: startup })],
  "start on a job": ["start on started database", job({ startOn: started(database) })],
  "start on a job's variables": [
    "start on stopped database INSTANCE=a* RESULT!=ok",
    job({ startOn: stopped(database, { INSTANCE: "a*", RESULT: not("ok") }) }),
  ],
  "start on values by position": [
    "start on shop-open Bonn CITY=Köln",
    job({ startOn: on("shop-open", "Bonn", { CITY: "Köln" }) }),
  ],
  "and, or": [
    "start on (starting a or stopping b) and runlevel [2345]",
    job({ startOn: any(starting("a"), stopping("b")).and(runlevel("[2345]")) }),
  ],
  "several and": [
    "start on started a and started b and started c",
    job({ startOn: all(started("a"), started("b"), started(() => job({ name: "c" }))) }),
  ],
  "stop on": ["stop on runlevel [!2345]", job({ stopOn: runlevel("[!2345]") })],
  "manual": ["start on startup\nmanual", job({ startOn: startup, manual: true })],
  "emits": ["emits one\nemits two", job({ emits: ["one", "two"] })],
  "env": ["env A=1\nenv B=two\nenv LANG", job({ env: { A: 1, B: "two", LANG: inherited } })],
  "export": ["env A=1\nexport A", job({ env: { A: "1" }, export: "A" })],
  "instance": ["instance $PORT", job({ instance: "$PORT" })],
  "task": ["task", job({ task: true })],
  "respawn": ["respawn", job({ respawn: true })],
  "respawn limit": ["respawn\nrespawn limit 3 60", job({ respawn: { limit: 3, within: "1min" } })],
  "respawn limit unlimited": ["respawn\nrespawn limit unlimited", job({ respawn: { limit: "unlimited" } })],
  "normal exit": ["normal exit 0 TERM SIGINT", job({ normalExit: [0, "TERM", "SIGINT"] })],
  "expect": ["expect daemon", job({ expect: "daemon" })],
  "kill timeout": ["kill timeout 20", job({ killTimeout: "20s" })],
  "kill signal": ["kill signal INT", job({ killSignal: "INT" })],
  "reload signal": ["reload signal USR1", job({ reloadSignal: "SIGUSR1" })],
  "console": ["console output", job({ console: "output" })],
  "setuid": ["setuid www", job({ user: "www" })],
  "setgid": ["setgid www", job({ group: "www" })],
  "umask": ["umask 027", job({ umask: "027" })],
  "nice": ["nice -5", job({ nice: -5 })],
  "ioprio": ["ioprio best-effort 7", job({ ioPriority: "best-effort 7" })],
  "ioprio without a level": ["ioprio  realtime # first", job({ ioPriority: "realtime" })],
  "oom score": ["oom score -500", job({ oomScore: -500 })],
  "oom score never": ["oom score never", job({ oomScore: "never" })],
  "limit": [
    "limit nofile 1024 2048\nlimit core unlimited unlimited",
    job({ limit: { nofile: [1024, 2048], core: "unlimited" } }),
  ],
  "chdir": ["chdir /srv", job({ chdir: "/srv" })],
  "chroot": ["chroot /jail", job({ chroot: "/jail" })],
  "cgroup": [
    "cgroup memory web limit_in_bytes 1024",
    job({ cgroup: { controller: "memory", name: "web", key: "limit_in_bytes", value: 1024 } }),
  ],
  "apparmor": [
    "apparmor load /etc/apparmor.d/web\napparmor switch web",
    job({ apparmor: { load: "/etc/apparmor.d/web", switch: "web" } }),
  ],
  "debug": ["debug", job({ debug: true })],
  "exec": ["exec /bin/web --port $PORT", job({ exec: "/bin/web --port $PORT" })],
  "script": [
    "script\n  if true; then\n    echo yes\n  fi\nend script",
    job({
      script: `
        if true; then
          echo yes
        fi
      `,
    }),
  ],
  "semantics": ["semantics rouse", job({ semantics: "rouse" })],
  "no defaults of Rouse's": [
    "semantics rouse\nkill mode main\nstart timeout none\nrespawn\nrespawn limit 10 5\nrespawn delay 0",
    job({
      semantics: "rouse",
      killMode: "main",
      startTimeout: "none",
      respawn: { limit: 10, within: 5, delay: 0 },
    }),
  ],
  "respawn delay": [
    "respawn\nrespawn delay 0.5 factor 3 max 60 jitter 0 reset-after 300",
    job({ respawn: { delay: "500ms", factor: 3, max: "1min", jitter: 0, resetAfter: "5min" } }),
  ],
  "respawn delay, and a limit": [
    "respawn\nrespawn limit 5 600\nrespawn delay 45",
    job({ respawn: { limit: 5, within: "10min", delay: "45s" } }),
  ],
  "give up": ["give up exit", job({ onGiveUp: "exit" })],
  "start timeout": ["start timeout 90", job({ startTimeout: "90s" })],
  "kill mode": ["kill mode group", job({ killMode: "group" })],
  "hooks": [
    "pre-start exec a\npost-start exec b\npre-stop exec c\npost-stop script\necho d\nend script",
    job({
      preStart: { exec: "a" },
      postStart: { exec: "b" },
      preStop: { exec: "c" },
      postStop: { script: "echo d" },
    }),
  ],
};

for (const [stanza, [conf, specification]] of Object.entries(SAME)) {
  Deno.test(`${stanza}: both formats give one definition`, () => {
    const text = Buffer.from(`${conf}\n`).toString("latin1");
    assert.deepEqual(define(specification), parseConf(text, "/etc/init/web", "web"));
  });
}

function define(specification: object): JobDefinition {
  return toDefinition({ semantics: "upstart", ...specification }, {
    name: "web",
    source: "/etc/init/web",
    module: "/etc/init/web",
    nameOf: (job) => (job as { name?: string }).name,
  });
}
