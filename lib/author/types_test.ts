/** What must compile does, and what must not does not; `deno check` is the judge. Nothing here runs. */

import { parseEnv } from "node:util";
import { bench, conf } from "rouse/testing";
import {
  all,
  any,
  command,
  completed,
  fd,
  file,
  http,
  inherited,
  type Job,
  job,
  log,
  not,
  notify,
  on,
  runlevel,
  started,
  starting,
  startup,
  stopped,
  stopping,
  tcp,
  unix,
  whileUp,
} from "rouse";

declare module "rouse" {
  interface Events {
    "shop-open": { CITY: string };
    /** An event without variables. */
    "shop-closed": Record<never, string>;
    "shop-delivery": { SIZE: "small" | "large"; FROM: string };
  }
  interface ExportedVariables {
    DISPLAY: string;
  }
}

const database = job({ name: "database", exec: "/usr/bin/database" });

/** Jobs with variables that nobody knows yet. */
export const configured = [
  job({
    env: parseEnv("HOST=a"),
    export: ["HOST"],
    main({ env }) {
      const host: string | undefined = env.HOST;
      // @ts-expect-error: it may not be there
      const zone: string = env.ZONE;
      return [host, zone];
    },
  }),
  job({
    env: { ...parseEnv("HOST=a"), PORT: "80", ZONE: undefined as string | undefined },
    export: ["PORT"],
    main({ env }) {
      const port: string = env.PORT;
      // @ts-expect-error: it may not be there
      const zone: string = env.ZONE;
      return [port, zone];
    },
  }),
];

/** Which checks fit which field. */
export const checked = [
  job({ ready: notify }),
  job({ ready: stopped }),
  job({ ready: fd(3), alive: tcp(80) }),
  job({ ready: log(/up/), alive: unix("/run/x", { then: "exit" }) }),
  job({ ready: file("/run/x", { every: "1s" }), restartAbove: { memory: 1024 } }),
  // @ts-expect-error: what is done about failures is a matter of health
  job({ ready: tcp(80, { failures: 3 }) }),
  // @ts-expect-error: it tells of itself once
  job({ alive: notify }),
  // @ts-expect-error: likewise
  job({ alive: stopped }),
  // @ts-expect-error: there is no such remedy
  job({ alive: tcp(80, { then: "panic" }) }),
  // @ts-expect-error: there is no such unit
  job({ restartAbove: { memory: "512 lines" } }),
];

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
  needs: [database, () => database, "other", completed(database), completed("migrate")],
  wants: completed(() => database),
  uses: "other",
  after: [database, "other"],
  before: () => database,
  provides: ["shop"],
  conflicts: ["kiosk"],
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
  ready: http("http://127.0.0.1:$PORT/", { status: [200, 204], body: "ok", every: "100ms" }),
  alive: command(["true"], { every: 30, failures: 2, then: "event" }),
  restartAbove: { memory: "512MB" },
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

/** Dependencies that must not compile, and levels. */
export const dependencies = [
  // @ts-expect-error: only needs and wants take completions
  job({ after: completed(database) }),
  // @ts-expect-error: a name is text
  job({ provides: [database] }),
  // @ts-expect-error: a job, or its name
  job({ needs: [3] }),
  job({ startOn: whileUp(database).and(whileUp("x")).or(on("shop-open")) }),
];

/** Variables of job events with their values, and those that jobs export. */
export const conditions = [
  stopped("a", { RESULT: "ok", PROCESS: "pre-start", EXIT_STATUS: 3, EXIT_SIGNAL: "SEGV" }),
  stopping(database, { RESULT: not("failed"), PROCESS: "p*", EXIT_SIGNAL: "34", INSTANCE: "1" }),
  stopped(() => database, { PROCESS: not("[mr]*"), EXIT_SIGNAL: not("TERM") }),
  started("x", { DISPLAY: ":0", INSTANCE: not("b") }),
  started<"SCREEN">("x", { SCREEN: 1, DISPLAY: not(":1") }),
  started<"SCREEN">(database, { SCREEN: "1" }),
  on("stopped", "x", { RESULT: "failed" }),
  on("shop-delivery", "small", { SIZE: "large", FROM: not("b*") }),
];

/** A job's functions may see the variables of the events that it starts and stops on. */
export const afterwards = job({
  startOn: stopped(database, { RESULT: "failed" }),
  stopOn: startup,
  main: ({ env }): (string | undefined)[] => [env.RESULT, env.PROCESS, env.EXIT_STATUS, env.EXIT_SIGNAL],
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
  // @ts-expect-error: nor is it in dependencies
  job({ needs: { name: "x" } }),
  // @ts-expect-error: nor is a number
  job({ wants: 3 }),
  // @ts-expect-error: there is no completion of what is no job
  completed({ name: "x" }),
  // @ts-expect-error: order is of jobs, not of their work
  job({ after: completed(database) }),
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
  // @ts-expect-error: no such variable, neither of the event nor known to be exported
  stopped("database", { RESLUT: "failed" }),
  // @ts-expect-error: nor where others are named
  stopped<"SCREEN">("database", { SCREEN: "1", RESLUT: "failed" }),
  // @ts-expect-error: no such result
  stopped("database", { RESULT: "fail" }),
  // @ts-expect-error: nor turned round
  stopping(database, { RESULT: not("okay") }),
  // @ts-expect-error: no such process
  stopped("database", { PROCESS: "preStart" }),
  // @ts-expect-error: a signal goes without SIG
  stopped("database", { EXIT_SIGNAL: "SIGTERM" }),
  // @ts-expect-error: what has not ended has no result
  started("database", { RESULT: "ok" }),
  // @ts-expect-error: no such value of an event of one's own
  on("shop-delivery", { SIZE: "medium" }),
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
  // @ts-expect-error: a job's own result is no variable of its processes
  job({ exec: "/bin/true", postStop: ({ env }) => env.RESULT }),
  // @ts-expect-error: nor is its exit status
  job({ startOn: startup, stopOn: runlevel(6), postStop: ({ env }) => env.EXIT_STATUS }),
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
