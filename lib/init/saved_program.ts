/** The data that an init consists of across time: what each of its parts saves, in the order in which they are restored. */

import type { SavedRecord } from "./adoption/running_record.ts";
import type { SavedCheckStarts } from "./checks/check_runner.ts";
import type { SavedEndpoint } from "./host/control_endpoint.ts";
import type { SavedSessionFile } from "./host/session.ts";
import type { SavedInittab } from "./inittab/inittab.ts";
import type { SavedInsight } from "./journal/insight.ts";
import type { SavedOutput } from "./logs/job_output.ts";
import type { SavedMessages } from "./logs/messages.ts";
import type { SavedShipping } from "./logs/shipping/log_shipper.ts";
import type { SavedStreams } from "./logs/standard_streams.ts";
import type { SavedTidying } from "./logs/tidying/log_tidier.ts";
import type { SavedReports } from "./notify/service_reports.ts";
import type { SavedHttp } from "./ops/http_service.ts";
import type { SavedCourse } from "./parts/course.ts";
import type { SavedEffects } from "./parts/effect_queue.ts";
import type { SavedEngine } from "./parts/guarded_engine.ts";
import type { SavedRequests } from "./parts/pending_requests.ts";
import type { SavedTimers } from "./parts/timers.ts";
import type { SavedRecovery } from "./reexec/recovery.ts";
import type { SavedRestarts } from "./reexec/restart.ts";
import type { SavedChildren } from "./spawn/child_reaper.ts";
import type { SavedControlGroups } from "./spawn/control_groups.ts";
import type { SavedForeign } from "./spawn/foreign_processes.ts";
import type { SavedPidFiles } from "./spawn/pid_files.ts";
import type { SavedStarts } from "./spawn/process_starter.ts";
import type { LevelProgress } from "./sysv/script_levels.ts";
import type { SavedExitStatus } from "./teardown/exit_status.ts";
import type { SavedHalt } from "./teardown/halt_runlevel.ts";
import type { SavedTeardown } from "./teardown/teardown.ts";

/** What is saved of an init. Null: an init of its role or options does not have the part. */
export interface SavedProgram {
  streams: SavedStreams;
  init: SavedInit;
  course: SavedCourse;
  restart: SavedRestarts;
  recovery: SavedRecovery;
  endpoint: SavedEndpoint;
  sessionFile: SavedSessionFile;
  record: SavedRecord;
  exitStatus: SavedExitStatus;
  haltRunlevel: SavedHalt | null;
  inittab: SavedInittab | null;
  http: SavedHttp | null;
  teardown: SavedTeardown;
}

/** What is saved of the running init, which the program consists of for the most part. */
export interface SavedInit {
  messages: SavedMessages;
  insight: SavedInsight;
  engine: SavedEngine;
  requests: SavedRequests;
  controlGroups: SavedControlGroups;
  output: SavedOutput;
  tidying: SavedTidying;
  shipping: SavedShipping;
  effects: SavedEffects;
  children: SavedChildren;
  starts: SavedStarts;
  timers: SavedTimers;
  reports: SavedReports;
  foreign: SavedForeign;
  pidFiles: SavedPidFiles;
  checks: SavedCheckStarts;
  levels: LevelProgress[];
}
