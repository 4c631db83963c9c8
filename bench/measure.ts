/** Measuring: rounds in which all peers take turns, so that a busy moment of the machine harms all alike. */

import type { Peer } from "./peers/peer.ts";
import { type Figure, median, type Workload } from "./workloads/workload.ts";

/** A figure of a peer: the median of several rounds, and their spread. */
export interface Result extends Figure {
  figure: string;
  workload: string;
  peer: string;
  median: number;
  least: number;
  most: number;
  rounds: number;
}

/** Measures a workload with all peers that it suits. A peer that fails at it is told of, and left out. */
export async function measure(name: string, workload: Workload, peers: Peer[]): Promise<Result[]> {
  const values = new Map<string, number[]>();
  const key = (figure: string, peer: Peer) => `${figure} ${peer.name}`;
  const failed = new Set<Peer>();
  const suited = peers.filter((peer) => workload.suits(peer));
  for (let round = 0; round < workload.rounds; round++) {
    console.error(`${name}: round ${round + 1} of ${workload.rounds}`);
    const measureOne = async (peer: Peer) => {
      try {
        for (const [figure, value] of Object.entries(await workload.measure(peer))) {
          if (value === undefined) continue;
          values.set(key(figure, peer), [...values.get(key(figure, peer)) ?? [], value]);
        }
      } catch (error) {
        failed.add(peer);
        console.error(`${name}: ${peer.name} cannot do it: ${(error as Error).message.slice(0, 400)}`);
      }
    };
    const able = suited.filter((peer) => !failed.has(peer));
    if (workload.together) await Promise.all(able.map(measureOne));
    else for (const peer of able) await measureOne(peer);
  }
  return Object.entries(workload.figures).flatMap(([figure, description]) =>
    suited.flatMap((peer): Result[] => {
      const all = values.get(key(figure, peer));
      if (!all || failed.has(peer)) return [];
      const [least, most] = [Math.min(...all), Math.max(...all)];
      const place = { ...description, figure, workload: name, peer: peer.name };
      return [{ ...place, median: median(all), least, most, rounds: all.length }];
    })
  );
}
