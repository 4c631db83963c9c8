/** A script to convert, and what comes of it. */

import type { Comments } from "../../../lib/formats/comments.ts";
import type { JobDefinition } from "../../../lib/model/job.ts";
import type { Facilities } from "../facilities.ts";

/** A job that a script has become. */
export interface ConvertedScript {
  definition: JobDefinition;
  comments: Comments;
  /** What the job does not do as the script does: a sentence each. */
  lost: string[];
}

/** What the jobs of scripts are made for. */
export interface ConversionSurroundings {
  facilities: Facilities;
  /** Scripts are jobs there, which start and stop with rc's events: so the new job does, or it would start before them. */
  areScriptsJobs: boolean;
}

/** A script to convert. */
export interface ScriptFile {
  /** Where it is called by those who run it. */
  path: string;
  /** The job's name. */
  name: string;
  text: string;
}
