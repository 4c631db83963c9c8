/** The data that an init consists of across time: what each of its parts saves, in the order in which they are restored. */

import type { SavedEndpoint } from "./host/control_endpoint.ts";
import type { SavedSessionFile } from "./host/session.ts";
import type { SavedInittab } from "./inittab/inittab.ts";
import type { SavedStreams } from "./logs/standard_streams.ts";
import type { SavedHttp } from "./ops/http_service.ts";
import type { InitOptions } from "./options.ts";
import type { SavedRestarts } from "./reexec/restart.ts";
import type { SavedInit } from "./running.ts";
import type { SavedExitStatus } from "./teardown/exit_status.ts";
import type { SavedHalt } from "./teardown/halt_runlevel.ts";
import type { SavedTeardown } from "./teardown/teardown.ts";

/** What is saved of an init. Null: an init of its role or options does not have the part. */
export interface SavedProgram {
  streams: SavedStreams;
  init: SavedInit;
  course: SavedCourse;
  restart: SavedRestarts;
  endpoint: SavedEndpoint;
  sessionFile: SavedSessionFile;
  exitStatus: SavedExitStatus;
  haltRunlevel: SavedHalt | null;
  inittab: SavedInittab | null;
  http: SavedHttp | null;
  teardown: SavedTeardown;
}

/** What is saved of the program's course. */
export interface SavedCourse {
  /** Whether init is SysV's, and OpenRC's scripts are jobs, as by options. */
  system: Required<Pick<InitOptions, "sysv" | "openrc">>;
  /** The address that jobs get. */
  address?: string;
  stopSignal?: number;
  /** For how long init has been tearing down, in ms. */
  teardownTime?: number;
}
