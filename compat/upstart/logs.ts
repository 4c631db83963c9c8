/** The stanzas `log rotate`, `log limit` and `log to`: how they are read. */

import {
  completed,
  EXPECTED_TARGET,
  expectedPart,
  isLogTarget,
  LOG_PARTS,
  type LogSettingKind,
  type LogSettingValues,
  type LogTarget,
  type PartKind,
  readPart,
  type Rotation,
} from "../../lib/model/logs/settings.ts";
import type { Lexer } from "./lexer.ts";

/** Reads `none`, or names of parts with their values. */
export function readRotation(lexer: Lexer): Rotation | "none" {
  const word = lexer.keyword();
  if (word !== "none") return readLogSetting(lexer, "rotation", word);
  lexer.endLine();
  return word;
}

/** Reads names of parts with their values, of which the first name is read already. */
export function readLogSetting<Kind extends LogSettingKind>(
  lexer: Lexer,
  setting: Kind,
  first: string,
): LogSettingValues[Kind] {
  const known: Record<string, PartKind> = LOG_PARTS[setting], parts: Record<string, number | string> = {};
  for (let name = first;; name = lexer.keyword()) {
    if (!Object.hasOwn(known, name)) lexer.fail("Unknown stanza", lexer.tokenLine, Object.keys(known));
    parts[name] = readPart(known[name]!, lexer.word()) ??
      lexer.fail(`Illegal ${name}, expected ${expectedPart(known[name]!)}`, lexer.tokenLine);
    if (!lexer.hasToken) break;
  }
  lexer.endLine();
  return completed(setting, parts) ??
    lexer.fail("Illegal limit, expected lines, bytes or both", lexer.tokenLine);
}

/** Reads the names of places where output goes. */
export function readTargets(lexer: Lexer): LogTarget[] {
  const targets: LogTarget[] = [];
  do {
    const word = lexer.word();
    if (isLogTarget(word)) targets.push(word);
    else lexer.fail(`Illegal target, expected ${EXPECTED_TARGET}`, lexer.tokenLine);
  } while (lexer.hasToken);
  lexer.endLine();
  return targets;
}
