/** The events that conditions may name, and their variables. Users add their own by declaration merging. */

import type { KNOWN_EVENTS } from "./known_events.ts";

/** Event names and their variables, out of a table of names. */
type EventTable<Table extends Readonly<Record<string, readonly string[]>>> = {
  [Name in keyof Table]: Record<Table[Name][number], string>;
};

/**
 * Event names and their variables. An event of your own is made known with
 *
 *     declare module "rouse" {
 *       interface Events {
 *         "shop-open": { CITY: string };
 *       }
 *     }
 */
export interface Events extends EventTable<typeof KNOWN_EVENTS> {}

/** The name of a known event. */
export type EventName = Extract<keyof Events, string>;

/** The names of an event's variables. */
export type EventVariable<Name extends EventName> = Extract<keyof Events[Name], string>;
