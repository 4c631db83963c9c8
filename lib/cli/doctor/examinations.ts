/** The examinations of the doctor: each judges what is known of the machine. Pure. */

import { closest } from "../../model/text/closest.ts";
import type { MachineFacts } from "./facts.ts";

/** How a thing is: `problem` keeps init or its jobs from working, `warning` takes something from them. */
export type Severity = "ok" | "warning" | "problem";

/** What an examination has found. */
export interface Diagnosis {
  level: Severity;
  /** A sentence that says what is so. */
  what: string;
  /** What to do about it. */
  advice?: string;
}

/** An examination. */
interface Examination {
  /** What is looked at, in a word or two. */
  subject: string;
  /** Nothing where there is nothing to say. */
  judge(facts: MachineFacts): Diagnosis | undefined;
}

const ok = (what: string): Diagnosis => ({ level: "ok", what });
const warning = (what: string, advice: string): Diagnosis => ({ level: "warning", what, advice });
const problem = (what: string, advice: string): Diagnosis => ({ level: "problem", what, advice });

/** Capabilities that init uses, by their bits (capabilities(7)), and what for. */
const CAPABILITIES: ReadonlyArray<readonly [bit: bigint, name: string, use: string]> = [
  [5n, "CAP_KILL", "stop jobs of other users"],
  [6n, "CAP_SETGID", "run jobs as other groups"],
  [7n, "CAP_SETUID", "run jobs as other users"],
];

/** So few descriptors are soon used up: each job whose output init reads takes some. */
const FEW_DESCRIPTORS = 1024;

/** With so little left, some jobs may not start. */
const FEW_PROCESSES = 32, LITTLE_MEMORY = 32 << 20;

/** The variables of these beginnings that anything reads, or that init gives to jobs. */
const VARIABLES = [
  "UPSTART_CONFDIR",
  "UPSTART_EVENTS",
  "UPSTART_INSTANCE",
  "UPSTART_JOB",
  "UPSTART_LOGDIR",
  "UPSTART_SESSION",
  "UPSTART_STOP_EVENTS",
];

/** No clock that was ever set shows an earlier time: 2020. */
const EARLIEST = Date.UTC(2020, 0);

/** The examinations in the order in which they are told. */
export const EXAMINATIONS: readonly Examination[] = [
  {
    subject: "proc",
    judge({ hasProc, hidepid, uid }) {
      if (!hasProc) {
        return problem(
          "/proc is not mounted: the executable needs it, and so do readiness, stop and metrics",
          "mount it (`mount -t proc proc /proc'), or have the container engine do so",
        );
      }
      if (hidepid === undefined || hidepid === "0" || hidepid === "off" || uid === 0) {
        return ok("/proc shows the processes of all users");
      }
      return warning(
        `/proc hides the processes of other users (hidepid=${hidepid})`,
        "give init's user the group of /proc's option `gid=', or run init as root",
      );
    },
  },
  {
    subject: "process 1",
    judge({ first, zombies }) {
      const left = zombies.filter(({ parent }) => parent === 1);
      if (left.length === 0) return first === undefined ? undefined : ok(`Process 1 is ${first}`);
      const words = left.length === 1 ? "a dead process" : `${left.length} dead processes`;
      return warning(
        `Process 1 (${first}) leaves ${words} of others unreaped, such as ${left[0]!.command}`,
        "make Rouse process 1 (`rouse run' as the entrypoint), or an init that reaps (`docker run --init')",
      );
    },
  },
  {
    subject: "orphans",
    judge: ({ subreaper, pid }) =>
      subreaper === undefined || pid === 1 ? ok("Init can take in what jobs leave behind") : problem(
        `Init cannot become the parent of what jobs leave behind: ${subreaper}`,
        "make it process 1, or let the filter of system calls pass prctl",
      ),
  },
  {
    subject: "system calls",
    judge({ calls }) {
      const refused = Object.entries(calls).filter(([, reason]) => reason !== undefined);
      if (refused.length === 0) return ok("The system calls that init likes to use are there");
      const names = refused.map(([name, reason]) => `${name} (${reason})`).join(", ");
      return warning(
        `The kernel refuses ${names}; init does with older ones`,
        "use Linux 5.9 or newer, and a container engine whose filter (seccomp) lets them pass",
      );
    },
  },
  {
    subject: "users",
    judge({ uid, capabilities, noNewPrivileges }) {
      if (uid !== 0) {
        return warning(
          `Init would run as user ${uid}: jobs with \`setuid' or \`setgid' of others cannot start`,
          "run it as root where they are to, or leave these stanzas out",
        );
      }
      const missing = CAPABILITIES.filter(([bit]) => (capabilities & (1n << bit)) === 0n);
      if (missing.length > 0) {
        const names = missing.map(([, name]) => name).join(", ");
        return warning(
          `Init has no right to ${missing.map(([, , use]) => use).join(", and to ")} (${names})`,
          `add the capabilities, such as by \`docker run --cap-add ${missing[0]![1].slice("CAP_".length)}'`,
        );
      }
      return noNewPrivileges
        ? warning(
          "Programs that gain rights when they are run, such as sudo and ping, do not (no_new_privs)",
          "start the container without `no-new-privileges' where jobs need them",
        )
        : ok("Jobs can run as any user");
    },
  },
  {
    subject: "control groups",
    judge({ cgroup }) {
      const unable = "jobs with `cgroup' stanzas do not start, and their processes are found less surely";
      const advice =
        "mount cgroup2 writable (`docker run --privileged', or --cgroupns=private with a writable " +
        "mount), or start init with --no-cgroups to pass over the stanzas";
      if (!cgroup) return warning(`No tree of control groups (version 2) is mounted: ${unable}`, advice);
      if (cgroup.problem !== undefined) {
        return warning(`${cgroup.directory} cannot be written: ${cgroup.problem}; ${unable}`, advice);
      }
      const missing = ["cpu", "memory", "pids"].filter((name) => !cgroup.controllers.includes(name));
      if (missing.length === 0) return ok(`Control groups can be made in ${cgroup.directory}`);
      return warning(
        `${cgroup.directory} lacks the controllers ${missing.join(", ")}: limits by them do not hold`,
        "have the outer group delegate them (cgroup.subtree_control; systemd: `Delegate=yes')",
      );
    },
  },
  {
    subject: "lack of memory",
    judge: ({ cgroup }) =>
      !cgroup || cgroup.hasMemoryEvents || !cgroup.controllers.includes("memory") ? undefined : ok(
        "The group has no memory.events of its own, as that of a whole machine: the machine's count is read",
      ),
  },
  {
    subject: "terminals",
    judge: ({ pty }) =>
      pty === undefined ? ok("Pseudo-terminals can be opened, so output is logged line by line") : warning(
        `No pseudo-terminal can be opened: ${pty}; jobs' output is read through pipes, so programs may hold it back`,
        "mount devpts on /dev/pts with ptmxmode=666, and link /dev/ptmx to pts/ptmx",
      ),
  },
  {
    subject: "devices",
    judge({ devices }) {
      const { "/dev/null": nothing, "/dev/console": console } = devices;
      if (nothing !== undefined) {
        return problem(
          `/dev/null is of no use: ${nothing}; jobs get no input and may not start`,
          "make it: `mknod -m 666 /dev/null c 1 3'",
        );
      }
      return console === undefined ? ok("/dev/null and /dev/console are there") : warning(
        `/dev/console is of no use: ${console}; jobs with \`console output' write to init's own output, or nowhere`,
        "give the container a terminal (`docker run -t'), or use `console log'",
      );
    },
  },
  {
    subject: "files",
    judge({ directories, runtimeDirectory, uid }) {
      const { "/run": run, "/tmp": temporary, "/var/log": logs } = directories;
      const isElsewhere = runtimeDirectory !== undefined && runtimeDirectory.problem === undefined;
      if (run !== undefined && temporary !== undefined && !isElsewhere) {
        return problem(
          `Neither /run nor /tmp can be written (${run}): init can be reached by an abstract socket alone`,
          "mount a tmpfs on /run (`docker run --tmpfs /run'), or set XDG_RUNTIME_DIR to a directory of init's user",
        );
      }
      const closed = Object.entries({ "/run": run, "/var/log": logs }).filter(([, why]) => why !== undefined);
      if (closed.length === 0) return ok("/run and /var/log can be written");
      const names = closed.map(([path, why]) => `${path} cannot be written: ${why}`).join("; ");
      const advice = closed.some(([, why]) => why === READ_ONLY)
        ? "mount something writable there (`docker run --tmpfs'), or give another directory by --logdir"
        : uid === 0
        ? "make the directory, or give another one by --logdir"
        : "run init as root, or for your own session with --user; give a directory for logs by --logdir";
      return warning(names, advice);
    },
  },
  {
    subject: "root",
    judge: ({ directories }) =>
      directories["/"] === READ_ONLY
        ? ok("The root file system is read-only; init needs no other place than those above")
        : undefined,
  },
  {
    subject: "sockets",
    judge({ runtimeDirectory: directory, uid }) {
      if (directory?.problem !== undefined) {
        return warning(
          `$XDG_RUNTIME_DIR, ${directory.path}, is of no use: ${directory.problem}`,
          "make it as init's user with mode 700, or unset the variable",
        );
      }
      if (directory || uid === 0) return ok("There is a place for init's sockets");
      return warning(
        "XDG_RUNTIME_DIR is not set: `initctl' finds an init with --user by UPSTART_SESSION alone",
        "set it to a directory of your own with mode 700, such as /run/user/UID",
      );
    },
  },
  {
    subject: "syslog",
    judge: ({ hasSyslog }) =>
      hasSyslog
        ? ok("/dev/log is there")
        : ok("/dev/log is not there: `log to syslog' has nobody to send to"),
  },
  {
    subject: "environment",
    judge({ variables }) {
      const unknown = variables.filter((name) => !VARIABLES.includes(name));
      if (unknown.length === 0) return undefined;
      const near = closest(unknown[0]!.replace(/^ROUSE_/, "UPSTART_"), VARIABLES);
      return warning(
        `Nothing reads ${unknown.join(", ")}`,
        near === undefined
          ? "init's settings are its options: see `init --help'"
          : `see whether ${near} is meant; other settings are options: see \`init --help'`,
      );
    },
  },
  {
    subject: "descriptors",
    judge: ({ descriptors }) =>
      descriptors >= FEW_DESCRIPTORS ? ok(`Init may open ${shown(descriptors)} files`) : warning(
        `Init may open ${descriptors} files alone: with many jobs some cannot start`,
        `raise the limit (\`ulimit -Hn', \`docker run --ulimit nofile=${FEW_DESCRIPTORS}:65536')`,
      ),
  },
  {
    subject: "processes",
    judge({ processes: { most, present } }) {
      if (most - present >= FEW_PROCESSES) return ok(`There may be ${shown(most)} processes`);
      return warning(
        `There may be ${most} processes, and there are ${present}: some jobs may not start`,
        "raise the limit (`ulimit -Hu', `docker run --pids-limit', pids.max of the control group)",
      );
    },
  },
  {
    subject: "memory",
    judge({ memory: { most, present } }) {
      if (most === Infinity) return ok("The control group sets no limit of memory");
      if (most - present >= LITTLE_MEMORY) return ok(`There may be ${mebibytes(most)} of memory`);
      return warning(
        `Of ${mebibytes(most)} of memory ${
          mebibytes(Math.max(0, most - present))
        } are left: the kernel may kill jobs`,
        "raise the limit (`docker run --memory', memory.max of the control group)",
      );
    },
  },
  {
    subject: "time",
    judge({ now, built }) {
      const date = (time: number) => new Date(time).toISOString().slice(0, 16).replace("T", " ");
      if (now < EARLIEST) {
        return warning(
          `The clock says ${date(now)} (UTC): it has not been set`,
          "set it before jobs that check certificates or stamp logs; delays and time limits are not affected",
        );
      }
      if (now >= built) return ok(`The clock says ${date(now)} (UTC)`);
      return warning(
        `The clock says ${date(now)} (UTC), which is before this executable was written (${date(built)})`,
        "set it; delays and time limits are not affected, but the times in logs are",
      );
    },
  },
];

const READ_ONLY = "Read-only file system";

function shown(limit: number): string {
  return limit === Infinity ? "any number of" : String(limit);
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / (1 << 20))} MiB`;
}
