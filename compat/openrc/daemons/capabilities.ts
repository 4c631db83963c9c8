/** Capabilities as texts: `^cap_net_bind_service,!cap_sys_admin`, as libcap has them (cap_iab(3)). */

const NAMES = (
  "chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service " +
  "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct " +
  "sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control " +
  "setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore"
).split(" ");

/** The numbers of capabilities. */
export interface CapabilitySets {
  inheritable: number[];
  ambient: number[];
  forbidden: number[];
}

/**
 * Reads a list of names or numbers between commas. Before each: `!` forbids it, `^` makes it ambient, `%` or nothing
 * inheritable. Undefined for what cannot be read.
 */
export function parseCapabilities(text: string): CapabilitySets | undefined {
  const sets: CapabilitySets = { inheritable: [], ambient: [], forbidden: [] };
  for (const word of text.split(",").filter((word) => word !== "")) {
    const [, marks = "", name = ""] = /^([!^%]*)(.*)$/s.exec(word)!;
    const number = capabilityNumber(name);
    if (number === undefined) return undefined;
    if (marks.includes("!")) sets.forbidden.push(number);
    if (marks.includes("^")) sets.ambient.push(number);
    if (marks !== "!") sets.inheritable.push(number);
  }
  return sets;
}

function capabilityNumber(name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name) < 64 ? Number(name) : undefined;
  const index = NAMES.indexOf(name.toLowerCase().replace(/^cap_/, ""));
  return index < 0 ? undefined : index;
}
