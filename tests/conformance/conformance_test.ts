/** Every recorded scenario, played to the compiled executable. */

import { programs } from "../support/programs.ts";
import { readCases } from "./cases.ts";
import { register } from "./register.ts";

// Scenarios wait for processes and timers most of the time, so more of them than there are processors.
register("conformance", readCases(), 4, () => programs());
