/** What must compile does, and what must not does not; `deno check` is the judge. Nothing here runs. */

import {
  all,
  any,
  inherited,
  type Job,
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

declare module "rouse" {
  interface Events {
    "shop-open": { CITY: string };
  }
}

const database = job({ name: "database", exec: "/usr/bin/database" });

/** A job that says everything. */
export const everything = job({
  name: "everything",
  description: "a",
  author: "b",
  version: "1",
  usage: "PORT=…",
  startOn: all(
    any(startup, started(database), started("other"), on("shop-open", { CITY: not("Bonn") })),
    started(() => database, { INSTANCE: "a*" }),
    runlevel("[2345]"),
    runlevel(2),
  ),
  stopOn: stopping(database, { RESULT: "failed" }).or(starting("x")).and(stopped("y", { DISPLAY: ":0" })),
  manual: true,
  emits: ["shop-open"],
  env: { HOST: "localhost", LANG: inherited, WORKERS: 3 },
  export: ["HOST"],
  instance: "$PORT-${ZONE}",
  main: async ({ env, signal, ready, job, instance, events, log, emit }) => {
    const host: string = env.HOST;
    const port: string = env.PORT;
    const zone: string = env.ZONE;
    const workers: string = env.WORKERS;
    const city: string | undefined = env.CITY;
    const path: string | undefined = env.PATH;
    signal.throwIfAborted();
    ready();
    log(host, port, zone, workers, city, path, job, instance, events.length);
    await emit("shop-open", { CITY: "Köln" }, { wait: false });
  },
  async preStart({ $, cancel, env }) {
    await $`install -d /run/${env.PORT}`;
    await cancel();
  },
  postStart: { exec: "/bin/true" },
  preStop: { script: "echo bye" },
  postStop: { exec: ["/bin/echo", "$PORT"] },
  task: false,
  respawn: { limit: 5, within: "10s" },
  normalExit: [0, 1, "TERM", "SIGINT"],
  expect: "stop",
  killTimeout: "20s",
  killSignal: "INT",
  reloadSignal: "SIGUSR1",
  console: "log",
  user: "www",
  group: 33,
  umask: 0o022,
  nice: -5,
  oomScore: "never",
  limit: { nofile: 1024, core: "unlimited", stack: [1, "unlimited"] },
  chdir: "/srv",
  chroot: "/jail",
  cgroup: [{ controller: "memory", key: "limit_in_bytes", value: 1024 }],
  apparmor: { load: "/etc/apparmor.d/x", switch: "x" },
  debug: false,
});

export const family: Job[] = [database];
export const copy = job({ ...everything, name: "copy", env: { ...everything.env, EXTRA: "1" } });

export const mistakes = [
  // @ts-expect-error: no such field
  job({ descripton: "x" }),
  // @ts-expect-error: no such field in respawn
  job({ respawn: { limits: 3 } }),
  // @ts-expect-error: a duration needs a unit that there is
  job({ killTimeout: "5 weeks" }),
  // @ts-expect-error: no such signal
  job({ killSignal: "TREM" }),
  // @ts-expect-error: no such signal
  job({ normalExit: [0, "TREM"] }),
  // @ts-expect-error: no such limit
  job({ limit: { nofiles: 3 } }),
  // @ts-expect-error: no such console
  job({ console: "logs" }),
  // @ts-expect-error: what is exported must be in env
  job({ env: { HOST: "a" }, export: ["HOTS"] }),
  // @ts-expect-error: a condition is no text
  job({ startOn: "startup" }),
  // @ts-expect-error: no such event
  on("shop-opened"),
  // @ts-expect-error: no such variable
  on("shop-open", { CTIY: "Bonn" }),
  // @ts-expect-error: an object that is no job
  started({ name: "x" }),
  // @ts-expect-error: a module's text is no job
  started(3),
  job({
    env: { HOST: "a" },
    // @ts-expect-error: no such variable
    preStart: ({ env }) => env.HOTS,
  }),
  job({
    instance: "$PORT",
    // @ts-expect-error: no such variable
    preStart: ({ env }) => env.PROT,
  }),
  job({
    startOn: on("shop-open"),
    // @ts-expect-error: an event's variable may be absent
    preStart: ({ env }): string => env.CITY,
  }),
  // @ts-expect-error: no such member
  job({ preStart: ({ abort }) => abort() }),
  // @ts-expect-error: a hook's command stands in exec
  job({ preStart: "/bin/true" }),
];
