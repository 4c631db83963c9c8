/** Network interfaces (netdevice(7)). */

import { readdirSync } from "node:fs";
import { call, kernel } from "../call/kernel.ts";
import { ifAllowed } from "../call/refused.ts";
import { close } from "../io/descriptors.ts";

const AF_INET = 2, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0o2000000;
const SIOCGIFFLAGS = 0x8913, SIOCSIFFLAGS = 0x8914;
/** `struct ifreq`: its size, and where the flags are. A name has 15 bytes at most. */
const IFREQ = { size: 40, flags: 16 };
const IFF_UP = 1;

/** Takes all interfaces down but the loopback. What the kernel refuses is passed over. */
export function takeInterfacesDown(): void {
  const socket = call("socket", AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  const names = ifAllowed(() => readdirSync("/sys/class/net")) ?? [];
  for (const name of names) if (name !== "lo" && name.length < IFREQ.flags) takeDown(socket, name);
  close(socket);
}

function takeDown(socket: number, name: string): void {
  const { address, bytes } = kernel().scratch;
  bytes.fill(0, 0, IFREQ.size);
  bytes.write(name);
  if (call("ioctl", socket, SIOCGIFFLAGS, address) < 0) return;
  bytes[IFREQ.flags]! &= ~IFF_UP;
  call("ioctl", socket, SIOCSIFFLAGS, address);
}
