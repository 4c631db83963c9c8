/** The probes of the child: how a check of each kind is made once. */

import { stat } from "node:fs";
import type { PolledCheck, PolledKind } from "../../../model/checks/check.ts";
import type { CheckResult, Probe } from "../schedule.ts";
import { parseAddress } from "../../../model/checks/target.ts";
import { connectTo, resultOf } from "./connect.ts";
import { checkHttp, soon } from "./http.ts";
import { SharedQuestions } from "./shared_questions.ts";

type Probes = {
  [Kind in Exclude<PolledKind, "exec">]: (
    check: PolledCheck & { kind: Kind },
    timeout: number,
    done: (result: CheckResult) => void,
  ) => () => void;
};

const PROBES: Probes = {
  http: checkHttp,
  tcp({ address }, timeout, done) {
    const endpoint = parseAddress(address);
    if (endpoint) return connectTo(endpoint, timeout, { onDone: done });
    return soon(done, { outcome: "failed", reason: `${address} is neither a port nor HOST:PORT` });
  },
  unix: ({ path }, timeout, done) => connectTo({ path }, timeout, { onDone: done }),
  file: checkFile,
};

/** The paths whose file systems have not answered yet. */
const files = new SharedQuestions<Error | null>();

function checkFile(
  { path }: { path: string },
  timeout: number,
  done: (result: CheckResult) => void,
): () => void {
  const cancel = () => {
    clearTimeout(timer);
    forget();
  };
  const finish = (result: CheckResult) => {
    cancel();
    done(result);
  };
  const timer = setTimeout(() => {
    const reason = `no answer from the file system of ${path} within ${timeout / 1000} s`;
    finish({ outcome: "failed", reason });
  }, timeout);
  const forget = files.ask(
    path,
    (answer) => stat(path, answer),
    (error) => finish(error ? resultOf(error, path) : { outcome: "passed" }),
  );
  return cancel;
}

/** Makes a check once, by its kind. Those that run commands are init's own to make. */
export const probe: Probe = (check, timeout, done) => {
  const make = PROBES[check.kind as keyof Probes] as (typeof PROBES)[keyof Probes] | undefined;
  if (!make) {
    return soon(done, { outcome: "failed", reason: `checks of the kind ${check.kind} are not made here` });
  }
  return make(check as never, timeout, done);
};
