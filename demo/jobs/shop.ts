import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { completed, http, inherited, job } from "rouse";

export default job({
  description: "a shop that takes a moment to open",
  needs: completed("prepare"),
  env: { PORT: "8080", XDG_RUNTIME_DIR: inherited },

  /** The shop is up once it answers: whatever needs it may rely on that. */
  ready: http("http://127.0.0.1:$PORT/"),

  /** The service itself: a function, run in a process of its own. */
  async main({ env, log, signal }) {
    const shelves = readFileSync(`${env.XDG_RUNTIME_DIR}/shelves`, "utf8");
    const server = createServer((_, response) => response.end(shelves));
    signal.addEventListener("abort", () => {
      log("closing");
      server.close();
    });
    await pause(500);
    server.listen(Number(env.PORT), "127.0.0.1", () => log(`open on port ${env.PORT}`));
  },
});
