/** The tools of the format for programs that convert and check files. Init never loads them. */

import type { FormatTools } from "../../lib/formats/format.ts";
import { readComments } from "./comments.ts";
import { convertToConf } from "./format.ts";
import { lineOf } from "./lines.ts";

/** The tools of Upstart's format. */
export const tools: FormatTools = { lineOf, readComments, write: convertToConf };
