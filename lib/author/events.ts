/** The types of known events and of their variables. Users add their own events by declaration merging. */

import type { SignalName } from "../model/signals.ts";
import type { KNOWN_EVENTS, KNOWN_VALUES } from "./known_events.ts";

/** The type of a table of events and their variables. */
type EventTable<Table extends Readonly<Record<string, readonly string[]>>> = {
  [Name in keyof Table]: { [Variable in Table[Name][number]]: ValueOf<Variable> };
};

/** The possible values of a known event's variable. `EXIT_SIGNAL` is a signal's name without `SIG`, or its number. */
type ValueOf<Variable extends string> = Variable extends keyof typeof KNOWN_VALUES
  ? (typeof KNOWN_VALUES)[Variable][number]
  : Variable extends "EXIT_SIGNAL" ? SignalName | `${number}`
  : string;

/**
 * Event names and their variables. You declare an event of your own with
 *
 *     declare module "rouse" {
 *       interface Events {
 *         "shop-open": { CITY: string; DAY: "workday" | "sunday" };
 *       }
 *     }
 *
 * When a variable has a few possible values only, the editor completes these and marks others.
 */
export interface Events extends EventTable<typeof KNOWN_EVENTS> {}

/**
 * Variables that jobs `export`, which are added to the events of these jobs. For jobs that are referred to by name, you
 * declare them with
 *
 *     declare module "rouse" {
 *       interface ExportedVariables {
 *         DISPLAY: string;
 *       }
 *     }
 */
// deno-lint-ignore no-empty-interface
export interface ExportedVariables {}

/** The name of a known event. */
export type EventName = Extract<keyof Events, string>;

/** The names of an event's variables. */
export type EventVariable<Name extends EventName> = Extract<keyof Events[Name], string>;
