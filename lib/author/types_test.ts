/** What must compile does, and what must not does not; `deno check` is the judge. Nothing here runs. */

import { bench, conf } from "rouse/testing";
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
    /** An event without variables. */
    "shop-closed": Record<never, string>;
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

/** Nothing calls this: what it says would fail. */
export const mistakes = () => [
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
  // @ts-expect-error: an imported job is no condition by itself
  job({ startOn: database }),
  // @ts-expect-error: nor is a condition's function
  job({ startOn: started }),
  // @ts-expect-error: a job's field is no job
  started(database.name),
  // @ts-expect-error: a module's namespace is no job, its default export is
  started({ default: database }),
  // @ts-expect-error: what gives no job is no reference
  started(() => "database".length),
  // @ts-expect-error: an exported variable must be named to be compared
  started(database, { PORT: "80" }),
  // @ts-expect-error: no such variable of the event
  stopped(database, { RESLUT: "failed" }),
  // @ts-expect-error: a condition is joined with a condition
  startup.and("startup"),
  // @ts-expect-error: all() takes one condition at least
  all(),
  // @ts-expect-error: a pattern is text or a number
  runlevel(["2", "3"]),
  // @ts-expect-error: not() is for one comparison, not for a condition
  not(startup),
  // @ts-expect-error: an event without variables has none to compare
  on("shop-closed", { CITY: "Bonn" }),
  // @ts-expect-error: no such event, but one much like it
  on("shop-close"),
  job({
    env: { HOST: "a" },
    startOn: on("shop-open"),
    main({ env }) {
      // @ts-expect-error: the environment cannot be written
      env.HOST = "b";
      // @ts-expect-error: no such variable, neither of env nor of the event
      return env.CTIY;
    },
  }),
  job({
    stopOn: stopped(database),
    // @ts-expect-error: a variable of the stop event may be absent
    postStop: ({ env }): string => env.RESULT,
  }),
  // @ts-expect-error: emit() takes the event's name first
  job({ main: ({ emit }) => emit({ CITY: "Bonn" }) }),
  // @ts-expect-error: ready() takes nothing
  job({ main: ({ ready }) => ready(true) }),
  // @ts-expect-error: a variable is text, a number or inherited
  job({ env: { HOST: true } }),
  // @ts-expect-error: a field of init(5)'s name
  job({ "pre-start": { exec: "true" } }),
  // @ts-expect-error: setuid is called user here
  job({ setuid: "www" }),
  // @ts-expect-error: a hook has exec or script, in these very words
  job({ preStart: { scirpt: "true" } }),
  // @ts-expect-error: a limit of the wrong shape
  job({ limit: { nofile: [1, 2, 3] } }),
  // @ts-expect-error: expect is one of four words
  job({ expect: "forks" }),
  // @ts-expect-error: a misspelt field in what is spread
  job({ ...database, descripton: "x" }),
  // @ts-expect-error: an array is exported, not given to job()
  job([database]),
];

const jobs = bench({ database, family, classic: conf("exec true") });
/** What tests of jobs must not say. */
export const testMistakes = () => [
  // @ts-expect-error: text is not the job that it describes
  bench({ classic: "exec true" }),
  // @ts-expect-error: an array of names is no table of jobs
  bench(["database"]),
  // @ts-expect-error: no such state question
  jobs.sate(database),
  // @ts-expect-error: no such process
  jobs.behave(database, "preStart", { status: 1 }),
  // @ts-expect-error: no such behaviour
  jobs.behave(database, "main", "runs"),
  // @ts-expect-error: a process ends by a status or by a signal that there is
  jobs.exit(database, { signal: "TREM" }),
  // @ts-expect-error: a duration needs a unit that there is
  jobs.advance("5 weeks"),
  // @ts-expect-error: a condition is no job
  jobs.start(startup),
];
