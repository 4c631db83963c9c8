/** Connects to init as nobody, by all its sockets, as often as it can, and keeps the connections: `crowd.ts PORT`. */

import { connect } from "node:net";
import { socketPath, SYSTEM_ADDRESS, SYSTEM_FILE_ADDRESS } from "../../lib/control/names.ts";
import { ifAllowed } from "../../lib/sys/call/refused.ts";
import { connectUnix } from "../../lib/sys/io/socket.ts";
import { becomeNobody } from "./nobody.ts";

becomeNobody();
for (let count = 0; count < 40; count++) {
  for (const address of [SYSTEM_ADDRESS, SYSTEM_FILE_ADDRESS]) {
    ifAllowed(() => connectUnix(socketPath(address)));
  }
  connect(Number(Deno.args[0]), "127.0.0.1").on("error", () => {});
}
console.log("connected");
setInterval(() => {}, 1 << 30);
