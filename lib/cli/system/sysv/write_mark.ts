/** Files whose being there says something to others. */

import * as fs from "node:fs";
import { errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";

const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/**
 * Writes a file, for all to read. Links are not followed, and nothing is waited for.
 * @param onProblem Is told why it cannot be written.
 * @returns true when it has not been there before.
 */
export function writeMark(path: string, text: string, onProblem: (reason: string) => void): boolean {
  return unlessRefused(() => {
    const isNew = fs.lstatSync(path, { throwIfNoEntry: false }) === undefined;
    const descriptor = fs.openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o644);
    try {
      fs.writeSync(descriptor, text);
    } finally {
      fs.closeSync(descriptor);
    }
    return isNew;
  }, (error) => {
    onProblem(`Unable to write ${path}: ${errorReason(error)}`);
    return false;
  });
}
