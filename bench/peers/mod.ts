/** All that is measured: Rouse first, then its peers. */

import { join, resolve } from "node:path";
import process from "node:process";
import { EXECUTABLE, programs } from "../../tests/support/programs.ts";
import { initctlPeer } from "./initctl.ts";
import type { Peer } from "./peer.ts";
import { pm2Peer } from "./pm2.ts";
import { scannedPeers } from "./scanned.ts";
import { singlePeers } from "./single.ts";
import { supervisordPeer } from "./supervisord.ts";
import { systemdPeer } from "./systemd.ts";

/** Where install-peers.sh puts them; ROUSE_PEERS names another folder. */
const FOLDER = process.env["ROUSE_PEERS"] ?? resolve(import.meta.dirname!, "../../dist/peers");

/** Rouse and its peers, those included that cannot be measured here. */
export function allPeers(): Peer[] {
  const root = join(FOLDER, "root");
  const upstart = process.env["UPSTART_BIN"];
  const before = process.env["ROUSE_BEFORE"];
  return [
    initctlPeer("rouse", programs(), [EXECUTABLE], "--log-time"),
    upstart === undefined
      ? { ...initctlPeer("upstart", "", []), missing: "UPSTART_BIN names no folder" }
      : initctlPeer("upstart", upstart, [join(upstart, "init"), join(upstart, "initctl")]),
    ...(before === undefined ? [] : [initctlPeer("rouse-before", before, [join(before, "init")])]),
    supervisordPeer(root),
    ...scannedPeers(root),
    systemdPeer(),
    pm2Peer(join(FOLDER, "pm2")),
    ...singlePeers(root),
  ];
}
