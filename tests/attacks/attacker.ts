/**
 * A hostile client: `attacker.ts ATTACK TARGET`, whose target is an address of init's, or a port. It is the user nobody, and
 * never ends by itself.
 */

import { call, required } from "../../lib/sys/call/kernel.ts";
import { HTTP_ATTACKS } from "./http_attacks.ts";
import { SOCKET_ATTACKS } from "./socket_attacks.ts";

const NOBODY = 65534;

const [name, target] = Deno.args as [string, string];
required("leave the groups", call("setgroups", 0, 0));
required("become nobody", call("setgid", NOBODY));
required("become nobody", call("setuid", NOBODY));
console.log("attacks");
const onHttp = HTTP_ATTACKS[name];
if (onHttp) await onHttp(Number(target));
else await SOCKET_ATTACKS[name]!(target);
