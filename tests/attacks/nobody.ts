/** The rights of hostile clients. */

import { call, required } from "../../lib/sys/call/kernel.ts";

const NOBODY = 65534;

/** Gives up all rights of this thread, which is the one that connects. */
export function becomeNobody(): void {
  required("leave the groups", call("setgroups", 0, 0));
  required("become nobody", call("setgid", NOBODY));
  required("become nobody", call("setuid", NOBODY));
}
