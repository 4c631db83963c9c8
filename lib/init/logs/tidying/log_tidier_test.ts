/** What becomes of logs behind one whose child does not end. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { Exit } from "../../../model/exit.ts";
import type { ChildWorld } from "../../spawn/own_child.ts";
import { LogTidier } from "./log_tidier.ts";

Deno.test("a child that is stopped is killed in the end, that is told, and the next log has its turn", async () => {
  const { promise: killed, resolve: onKilled } = Promise.withResolvers<NodeJS.Signals | null>();
  const { promise: next, resolve: onNext } = Promise.withResolvers<void>();
  const listeners = new Map<number, (exit: Exit) => void>(), told: string[] = [];
  const world = {
    spawner: {
      start({ argv }, done) {
        if (argv.includes("/next.log")) onNext();
        const child = spawn(argv[0]!, argv.slice(1), { stdio: "ignore" });
        child.on("exit", (status, signal) => {
          if (argv.includes("/stopped.log")) onKilled(signal);
          listeners.get(child.pid!)?.({ status: status ?? 1 } as Exit);
        });
        done({ pid: child.pid! });
      },
    },
    onEnd: (pid, listener) => void listeners.set(pid, listener),
    messages: {
      log: (_, message) => void told.push(message),
      attempt: (_: string, action: () => void) => action(),
      fault: (what: string, error: unknown) => assert.fail(`${what}: ${error}`),
    },
  } as ChildWorld;
  const script = "case $0 in /stopped.log) kill -STOP $$;; esac; exit 0";
  const tidier = new LogTidier(["sh", "-c", script], world, 300);
  const rotation = { size: 1, keep: 1, compress: "none" } as const;
  tidier.add("/stopped.log", rotation);
  tidier.add("/next.log", rotation);
  await next;
  assert.equal(await killed, "SIGKILL");
  assert.equal(
    told[0],
    "/stopped.log: unable to tidy up what was rotated: it took too long, so it was killed",
  );
  tidier.close();
});
