/** What `initctl version` and `init --version` say. */

import { versionLine } from "../model/version.ts";

/** Scripts look for the word upstart and the version whose behaviour they may expect. */
export const VERSION_TEXT = versionLine("init");
