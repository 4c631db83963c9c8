/** The schema of snapshots: what each field may hold, taken by itself. restore.ts checks what they say of each other. */

import type { Exit } from "../../model/exit.ts";
import { INSTANCE_PROCESSES } from "../../model/job.ts";
import { LAST_SIGNAL } from "../../model/signals.ts";
import { InvalidDefinition, validateLoadedJob } from "../../model/validate.ts";
import { CHECK_PURPOSES } from "../checks/instance_checks.ts";
import { NOTICE_KINDS, type Time } from "../effects.ts";
import type { Leftovers, Setback } from "../instance.ts";
import { STATES } from "../states.ts";
import { ENGINE_TIMERS, INSTANCE_TIMERS } from "../timers.ts";
import {
  type Check,
  type ChecksOf,
  isFlag,
  isListOf,
  isNumber,
  isObject,
  isOneOf,
  isTable,
  isText,
  isTime,
  orNull,
  refuse,
} from "./checks.ts";
import {
  type EngineSnapshot,
  type SavedCause,
  type SavedChecks,
  type SavedDelayedStart,
  type SavedEnvironment,
  type SavedEvent,
  type SavedInstance,
  type SavedInstanceName,
  type SavedJob,
  type SavedMatcher,
  type SavedReport,
  type SavedTimer,
  SNAPSHOT_VERSION,
} from "./engine_snapshot.ts";

/** The index of something in one of the snapshot's lists. restore.ts looks it up. */
const isIndex = isNumber(0);
const isIndexOrNull = orNull(isIndex);
const isCount = isNumber(0);
/** The number of a spawn, a timer, a check or a process. */
const isPositive = isNumber(1);
/** The number of a request, which is of the caller's choice. */
const isRequest = isTime;
const isTimeOrNull = orNull(isTime);

const isTimeOfDay = isObject({ monotonic: isTime, wall: isTime } satisfies ChecksOf<Time>);
const isDefinition: Check = (value, where) => {
  try {
    validateLoadedJob(value);
  } catch (error) {
    if (!(error instanceof InvalidDefinition)) throw error;
    refuse(where, `is wrong: ${error.message}`);
  }
};

const isStatus = isObject({ status: isCount });
const isSignal = isObject({
  signal: isOneOf(...Array.from({ length: LAST_SIGNAL }, (_, index) => index + 1)),
}, {
  core: isFlag,
  isOutOfMemory: isFlag,
});
const isExit: Check = (value, where) => {
  const exit = value as Exit | null;
  (typeof exit === "object" && exit !== null && "signal" in exit ? isSignal : isStatus)(value, where);
};
const isFailure = isObject(
  { process: isOneOf(...INSTANCE_PROCESSES, "respawn", "timeout", "health", "needs") },
  { exit: isExit, message: isText, reason: isText },
);

const isEnvironment = isObject(
  { base: isIndexOrNull, changes: isListOf(isText) } satisfies ChecksOf<SavedEnvironment>,
);
const isTimer = isObject({ number: isPositive, deadline: isTime } satisfies ChecksOf<SavedTimer>);
const isMatcher = isObject(
  { order: isCount, taken: isListOf(isIndexOrNull), up: isListOf(isIndex) } satisfies ChecksOf<SavedMatcher>,
);
const isInstanceName = isObject({ job: isIndex, instance: isText } satisfies ChecksOf<SavedInstanceName>);

const isEventWaiter = isObject({ event: isIndex });
const isRequestWaiter = isObject({ request: isRequest, action: isOneOf("start", "stop", "restart") });
const isWaiter: Check = (value, where) => {
  const holdsEvent = typeof value === "object" && value !== null && "event" in value;
  (holdsEvent ? isEventWaiter : isRequestWaiter)(value, where);
};

const isChecks = isObject(
  {
    running: isTable(CHECK_PURPOSES, isPositive),
    isReady: isFlag,
    unready: orNull(isText),
    unhealthy: orNull(isText),
  } satisfies ChecksOf<SavedChecks>,
);

const isReport = isObject(
  {
    status: orNull(isText),
    phase: orNull(isOneOf("reloading", "stopping")),
    watchdogTime: orNull(isNumber(0)),
    awaits: orNull(isText),
    script: orNull(isOneOf("named", "partial", "gone", "orphaned")),
  } satisfies ChecksOf<SavedReport>,
);

const isLeftovers = isObject(
  { looks: isCount, killAt: isTime, kills: isCount } satisfies ChecksOf<Leftovers>,
);

const isInstance = isObject(
  {
    name: isText,
    goal: isOneOf("start", "stop", "respawn"),
    state: isOneOf(...Object.keys(STATES)),
    environment: isEnvironment,
    startEnvironment: orNull(isEnvironment),
    stopEnvironment: orNull(isEnvironment),
    cause: isIndex,
    failure: orNull(isFailure),
    lastExit: orNull(isExit),
    isDone: isFlag,
    setback: orNull(isObject({ reason: isText, isStart: isFlag } satisfies ChecksOf<Setback>)),
    stall: orNull(isText),
    blocker: isIndexOrNull,
    waiters: isListOf(isWaiter),
    stopOn: orNull(isMatcher),
    timers: isTable(INSTANCE_TIMERS, isTimer),
    spawns: isTable(INSTANCE_PROCESSES, isPositive),
    pids: isTable(INSTANCE_PROCESSES, isPositive),
    forks: isCount,
    isExpectMet: isFlag,
    checks: isChecks,
    report: isReport,
    endsInit: isFlag,
    tracksForksUntil: isTimeOrNull,
    respawns: isCount,
    respawnsSince: isTimeOrNull,
    mainStartedAt: isTimeOrNull,
    upSince: isTimeOrNull,
    failures: isCount,
    nextStartAt: isTimeOrNull,
    isTimedOut: isFlag,
    isForced: isFlag,
    isForgotten: isFlag,
    abortedHook: orNull(isOneOf(...INSTANCE_PROCESSES)),
    leaders: isListOf(isPositive),
    leftovers: orNull(isLeftovers),
  } satisfies ChecksOf<SavedInstance>,
);

const isJob = isObject(
  {
    definition: isDefinition,
    pendingDefinition: orNull(isObject({ definition: orNull(isDefinition) })),
    startOn: orNull(isMatcher),
    selfStartsUntil: isTimeOrNull,
    isLoopReported: isFlag,
    completed: isFlag,
    lastFailure: orNull(isObject({ reason: isText, exit: orNull(isExit) })),
    instances: isListOf(isInstance),
  } satisfies ChecksOf<SavedJob>,
);

const isEvent = isObject(
  {
    name: isText,
    environment: isEnvironment,
    progress: isOneOf("pending", "handling"),
    failed: isFlag,
    cause: isIndexOrNull,
    requests: isListOf(isRequest),
  } satisfies ChecksOf<SavedEvent>,
);

const isSnapshot = isObject(
  {
    version: isOneOf(SNAPSHOT_VERSION),
    now: isTimeOfDay,
    lastNumber: isCount,
    muted: isListOf(isOneOf(...NOTICE_KINDS)),
    endsWithRunlevel: isFlag,
    inLastRunlevel: isFlag,
    stopping: isFlag,
    defaults: isListOf(isText),
    originalDefaults: isListOf(isText),
    initEnvironment: isListOf(isText),
    bases: isListOf(isListOf(isText)),
    jobs: isListOf(isJob),
    removedJobs: isListOf(isText),
    causes: isListOf(isObject({ job: isIndex, previous: isIndexOrNull } satisfies ChecksOf<SavedCause>)),
    events: isListOf(isEvent),
    pendingEvents: isListOf(isIndex),
    releasedEvents: isListOf(isIndex),
    delayedStarts: isListOf(
      isObject({ job: isIndex, events: isListOf(isIndex) } satisfies ChecksOf<SavedDelayedStart>),
    ),
    timers: isTable(ENGINE_TIMERS, isTimer),
    exitJob: isIndexOrNull,
    stopQueue: orNull(isListOf(isInstanceName)),
    heldStops: isListOf(isInstanceName),
    pendingInstances: isListOf(isInstanceName),
    pendingLevels: isListOf(isIndex),
    completedTasks: isListOf(isText),
  } satisfies ChecksOf<EngineSnapshot>,
);

/** @throws {TypeError} when a value has not the form of a snapshot, with the place of what is wrong. */
export function checkSnapshot(value: unknown): asserts value is EngineSnapshot {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("the snapshot is not an object");
  }
  if ("version" in value && value.version !== SNAPSHOT_VERSION) {
    refuse("version", `is ${JSON.stringify(value.version)}, and this engine restores ${SNAPSHOT_VERSION}`);
  }
  isSnapshot(value, "");
}
