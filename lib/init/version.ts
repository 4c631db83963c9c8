/** What `initctl version` and `init --version` say. */

import { VERSION } from "../model/version.ts";

/** Scripts look for the word upstart and the version whose behaviour they may expect. */
export const VERSION_TEXT = `init (rouse ${VERSION}, upstart 1.13.2)`;
