/**
 * A hostile client: `attacker.ts ATTACK TARGET`, whose target is an address of init's, or a port. It is the user nobody, and
 * never ends by itself.
 */

import { HTTP_ATTACKS } from "./http_attacks.ts";
import { becomeNobody } from "./nobody.ts";
import { SOCKET_ATTACKS } from "./socket_attacks.ts";

const [name, target] = Deno.args as [string, string];
becomeNobody();
console.log("attacks");
const onHttp = HTTP_ATTACKS[name];
if (onHttp) await onHttp(Number(target));
else await SOCKET_ATTACKS[name]!(target);
