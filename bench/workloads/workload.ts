/** What a workload is: something that every peer that can do it does alike. */

import type { Peer } from "../peers/peer.ts";

/** What a figure says. */
export interface Figure {
  /** What is measured, for the table. */
  about: string;
  unit: "ms" | "kB" | "/s" | "MB/s" | "%";
  /** True when a larger figure is better. */
  larger?: boolean;
}

/** A workload. One measurement gives a figure, or several. */
export interface Workload {
  /** How often it is measured. */
  rounds: number;
  figures: Record<string, Figure>;
  /** Peers do it at the same time, not in turns: it takes long, and time is not what it measures. */
  together?: boolean;
  /** Whether a peer can do it. */
  suits(peer: Peer): boolean;
  /** Measures once. A figure that a peer does not have is absent. */
  measure(peer: Peer): Promise<Record<string, number | undefined>>;
}

/** What supervises services. */
export const supervises = (peer: Peer): boolean => !peer.single;
/** What supervises hundreds of services; pm2 takes minutes to start 500. */
export const supervisesMany = (peer: Peer): boolean => supervises(peer) && peer.name !== "pm2";
/** What writes the output of services into log files. */
export const logs = (peer: Peer): boolean => supervises(peer) && !peer.logless;
/** What has events. */
export const hasEvents = (peer: Peer): boolean => Boolean(peer.events);

/** The value in the middle. */
export function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Something for each of the first numbers. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
