/** The links of a runlevel as rc takes them: which of them are run when the level is entered, with which action. */

import { goesDown } from "../../../lib/model/sysv/runlevels.ts";

/** What a script is told to do. */
export type Action = "start" | "stop";

/** A link in the directory of a runlevel. */
export interface LevelLink {
  /** Its name, such as `S03cron`. */
  name: string;
  letter: "S" | "K";
  /** The script by its name, such as `cron`. */
  script: string;
}

/** A link, and what its script is told. */
export interface RcStep extends LevelLink {
  action: Action;
}

/** How the rc of a distribution goes about a change of runlevel. */
export interface RcRules {
  /** What links of kind S are told when the machine goes down, in levels 0 and 6. */
  downAction: Action;
  /**
   * True: a script that runs has a lock file. Of the links of kind K those are taken that have one, of kind S those that
   * have none. False: all are taken, those of kind K only if there was a level before.
   */
  hasLocks: boolean;
}

/** Debian's. */
export const DEBIAN_RULES: RcRules = { downAction: "stop", hasLocks: false };

/** Red Hat's, up to RHEL 6. */
export const RED_HAT_RULES: RcRules = { downAction: "start", hasLocks: true };

/** A change of runlevel. */
export interface LevelChange {
  level: string;
  /** The level before, {@link NO_LEVEL} where there was none. */
  previous: string;
}

/** Stands for the level before the first one. */
export const NO_LEVEL = "N";

/** A link's name: two digits are usual, but one or none will do. */
const LINK = /^([SK])(\d{0,2})(.+)$/;

/** The links among the names of a directory, in the order of their names. */
export function levelLinks(names: readonly string[]): LevelLink[] {
  return [...names].sort(byBytes).flatMap((name): LevelLink[] => {
    const [, letter, , script] = LINK.exec(name) ?? [];
    return script === undefined ? [] : [{ name, letter: letter as LevelLink["letter"], script }];
  });
}

function byBytes(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/**
 * All that is run when a level is entered, in the order in which a sequential rc runs it.
 * @param isLocked Whether the script has a lock file; asked only where the rules know of them
 */
export function stepsOf(
  links: readonly LevelLink[],
  { level, previous }: LevelChange,
  { downAction, hasLocks }: RcRules,
  isLocked: (script: string) => boolean,
): { stops: RcStep[]; starts: RcStep[] } {
  const isLeaving = hasLocks || previous !== NO_LEVEL;
  const action = goesDown(level) ? downAction : "start";
  return {
    stops: links.filter(({ letter, script }) =>
      letter === "K" && isLeaving && (!hasLocks || isLocked(script))
    )
      .map((link) => ({ ...link, action: "stop" })),
    starts: links.filter(({ letter, script }) => letter === "S" && !(hasLocks && isLocked(script)))
      .map((link) => ({ ...link, action })),
  };
}

/**
 * The same for scripts that are run side by side: as startpar does, those are left out that are where they are to be,
 * for the level before has had the same link. Those of kind S are all kept when the machine goes down.
 */
export function changedSteps(
  { stops, starts }: { stops: RcStep[]; starts: RcStep[] },
  level: string,
  before: readonly LevelLink[],
): { stops: RcStep[]; starts: RcStep[] } {
  const had = (letter: LevelLink["letter"], script: string) =>
    before.some((link) => link.letter === letter && link.script === script);
  const stopped = new Set(stops.map(({ script }) => script));
  return {
    stops: stops.filter(({ script }) => !had("K", script)),
    starts: starts.filter(({ script }) => goesDown(level) || stopped.has(script) || !had("S", script)),
  };
}
