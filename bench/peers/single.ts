/** tini and dumb-init: an init for one program, which supervises nothing. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Peer, type Service, Supervision } from "./peer.ts";

/** Both, unpacked below a folder. */
export function singlePeers(root: string): Peer[] {
  return ["tini", "dumb-init"].map((name) => {
    const program = join(root, "usr/bin", name);
    return {
      name,
      single: true,
      files: [program],
      ...(existsSync(program) ? {} : { missing: `${name} is not there` }),
      prepare: ([service]: Service[]) => new Single(program, service!),
    };
  });
}

class Single extends Supervision {
  protected readonly words: string[];

  constructor(program: string, { command }: Service) {
    super();
    // tini is no subreaper of itself when it is not process 1.
    this.environment["TINI_SUBREAPER"] = "";
    this.words = [program, "--", ...command];
  }

  override ready(): Promise<void> {
    return Promise.resolve();
  }

  override startAll(): Promise<void> {
    return Promise.resolve();
  }

  override stopAll(): Promise<void> {
    return Promise.resolve();
  }

  override command(): undefined {
    return undefined;
  }

  override log(): string {
    return this.path("output");
  }
}
