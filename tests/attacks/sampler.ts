/**
 * Root's client: `sampler.ts ADDRESS COUNT`. It asks for the status of a job again and again, over a new connection each time as
 * `initctl status` does, has an event emitted now and then, and prints how long each answer took, in ms, as JSON.
 */

import { connect } from "../../lib/control/client/client.ts";
import { MANAGER_INTERFACE, MANAGER_PATH, ROUSE_INTERFACE } from "../../lib/control/names.ts";
import { pause } from "../support/deadline.ts";

/** The pause between two questions, in ms, and after how many an event is emitted. */
const PAUSE = 5, EVENT_EVERY = 5;

const [address, count] = Deno.args as [string, string];
const times: number[] = [];
for (let index = 0; index < Number(count); index++) {
  const begin = performance.now();
  const client = await connect(address);
  await client.call(MANAGER_PATH, ROUSE_INTERFACE, "GetStatus", "asas", [["job-1"], []]);
  times.push(performance.now() - begin);
  if (index % EVENT_EVERY === 0) {
    await client.call(MANAGER_PATH, MANAGER_INTERFACE, "EmitEvent", "sasb", ["tick", [`N=${index}`], false]);
  }
  client.close();
  await pause(PAUSE);
}
console.log(JSON.stringify(times));
