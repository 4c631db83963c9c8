/** The thread of {@link Pulse}: one connection, over which it asks and sleeps until it is answered. */

import { type Client, connect } from "../../lib/control/client/client.ts";
import { MANAGER_PATH, PEER } from "../../lib/control/names.ts";
import { pause } from "./deadline.ts";
import type { Beat, PulseRequest } from "./pulse.ts";

const thread = self as unknown as Worker;
let beats: Beat[] = [];

async function beat(client: Client, interval: number): Promise<never> {
  for (;;) {
    const began = performance.now();
    await client.call(MANAGER_PATH, PEER, "Ping");
    const waited = performance.now() - began;
    beats.push({ at: performance.timeOrigin + began, waited });
    await pause(Math.max(interval - waited, 1));
  }
}

thread.onmessage = async ({ data }: MessageEvent<PulseRequest>) => {
  if (typeof data === "object") {
    const client = await connect(data.address);
    client.silence();
    // Init may not have accepted it yet, and those who look at its descriptors count them.
    await client.call(MANAGER_PATH, PEER, "Ping");
    beat(client, data.interval);
  }
  thread.postMessage(beats);
  beats = [];
};
