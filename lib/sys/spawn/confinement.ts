/**
 * The confinement of a child with all its descendants to one process group, which ends with this process. It is for code
 * of others that must leave no processes behind.
 *
 * Descendants cannot leave the process group, nor make namespaces that signals do not reach. So one signal reaches all of
 * them, also those that are just being forked. The kernel sends that signal when this process ends, for whatever reason.
 */

import process from "node:process";
import { SIGKILL } from "../../model/signals.ts";
import { callNumber, callNumber32 } from "../call/numbers.ts";
import type { ChildTable } from "./child_table.ts";
import { EACCES, EINVAL, ENOSYS, EPERM } from "../call/errno.ts";
import { isFirstUserNamespace } from "../access/user_namespace.ts";

const PR_SET_PDEATHSIG = 1, PR_SET_SECCOMP = 22, PR_SET_NO_NEW_PRIVS = 38;

/**
 * Adds rows that have the kernel kill the child's process group when the writing end of a pipe is closed (fcntl(2), O_ASYNC).
 * @param descriptor The child's number of the reading end
 */
export function addKillOnHangup(table: ChildTable, descriptor: number): void {
  const F_SETFL = 4, F_SETSIG = 10, F_SETOWN_EX = 15, F_OWNER_PGRP = 2, O_ASYNC = 0o20000;
  // struct f_owner_ex: the kind of the owner and its id, each of 32 bits.
  const owner = table.words([F_OWNER_PGRP, 0]);
  table.add("getpid", [], { into: owner + 4 });
  table.add("fcntl", [descriptor, F_SETOWN_EX, owner]);
  table.add("fcntl", [descriptor, F_SETSIG, SIGKILL]);
  table.add("fcntl", [descriptor, F_SETFL, O_ASYNC]);
}

/**
 * Errors of kernels without seccomp filters, and of sandboxes that forbid them. There, descendants that make a session
 * escape.
 */
const NO_FILTERS = [EINVAL, ENOSYS, EACCES];

/**
 * Adds a row that has the kernel kill the child, but not its descendants, when this process ends. It must follow a change
 * of user, which would undo it. It is for where {@link killReachesOtherUsers} is false.
 */
export function addParentDeathSignal(table: ChildTable): void {
  table.add("prctl", [PR_SET_PDEATHSIG, SIGKILL]);
}

/**
 * True where the kernel may kill a child that is another user's. In a user namespace it may not: there the signal counts
 * as sent by the namespace's root.
 */
export function killReachesOtherUsers(): boolean {
  return isFirstUserNamespace();
}

/** Adds rows that keep all descendants in the child's process group. They must follow the change of user. */
export function addConfinement(table: ChildTable): void {
  const SECCOMP_MODE_FILTER = 2;
  table.add("prctl", [PR_SET_NO_NEW_PRIVS, 1]);
  const code = filter();
  const program = table.words([code.length / INSTRUCTION_SIZE, table.bytes(code)]);
  table.add("prctl", [PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program], { tolerated: NO_FILTERS });
}

/** The actions of a filter (seccomp(2)). A call that fails with error 0 succeeds without being made. */
const ALLOW = 0x7fff0000, FAIL = 0x00050000, SUCCEED = FAIL;

/** An instruction of the classic BPF: operation, value, and how many instructions to skip if a test holds or not. */
type Instruction = [operation: number, value: number, ifSo?: number, ifNot?: number];

const LOAD = 0x20, AND = 0x54, RETURN = 0x06, IF_EQUAL = 0x15, IF_ANY_OF = 0x45;
const NUMBER = 0, ARCHITECTURE = 4, FIRST_ARGUMENT = 16;

/** Signals to one's own process group do nothing: it would be meant as a group of one's own, and is the child's. */
const UNLESS_OWN_GROUP: Instruction[] = [
  [LOAD, FIRST_ARGUMENT],
  [IF_EQUAL, 0, 0, 1],
  [RETURN, SUCCEED],
  [RETURN, ALLOW],
];

const CLONE_NEWUSER = 0x10000000, CLONE_NEWPID = 0x20000000;

/** No user or PID namespaces: the first process of a PID namespace would ignore the kernel's signals. */
const UNLESS_NAMESPACE: Instruction[] = [
  [LOAD, FIRST_ARGUMENT],
  [IF_ANY_OF, CLONE_NEWUSER | CLONE_NEWPID, 0, 1],
  [RETURN, FAIL | EPERM],
  [RETURN, ALLOW],
];

/** The calls that lead out of the process group, or out of reach of its signals. Each rule ends with a return. */
const RULES = {
  setsid: [[RETURN, SUCCEED]],
  setpgid: [[RETURN, SUCCEED]],
  kill: UNLESS_OWN_GROUP,
  clone: UNLESS_NAMESPACE,
  unshare: UNLESS_NAMESPACE,
  setns: [[RETURN, FAIL | EPERM]],
  // A filter cannot read its flags, which lie in memory. The C library falls back to clone.
  clone3: [[RETURN, FAIL | ENOSYS]],
} satisfies Record<string, Instruction[]>;

type Ruled = keyof typeof RULES;

/** The architectures that the machine runs (AUDIT_ARCH_*): its own, and i386 or arm. */
const ARCHITECTURES: ReadonlyArray<[architecture: number, numberOf: (name: Ruled) => number]> =
  process.arch === "arm64"
    ? [[0xc00000b7, callNumber], [0x40000028, callNumber32]]
    : [[0xc000003e, callNumber], [0x40000003, callNumber32]];

/** Removes the bit that numbers of x32 have in addition to those of x86-64. */
const WITHOUT_X32 = 0x3fffffff;

const INSTRUCTION_SIZE = 8;

/** The filter program for seccomp(2). */
function filter(): Uint8Array {
  const code: Instruction[] = [[LOAD, ARCHITECTURE]];
  for (const [architecture, numberOf] of ARCHITECTURES) {
    const rules = Object.entries(RULES).flatMap(([name, rule]): Instruction[] => [
      [IF_EQUAL, numberOf(name as Ruled), 0, rule.length],
      ...rule as Instruction[],
    ]);
    const body: Instruction[] = [[LOAD, NUMBER], [AND, WITHOUT_X32], ...rules, [RETURN, ALLOW]];
    code.push([IF_EQUAL, architecture, 0, body.length], ...body);
  }
  code.push([RETURN, ALLOW]);
  const bytes = new DataView(new ArrayBuffer(code.length * INSTRUCTION_SIZE));
  code.forEach(([operation, value, ifSo = 0, ifNot = 0], index) => {
    const at = index * INSTRUCTION_SIZE;
    bytes.setUint16(at, operation, true);
    bytes.setUint8(at + 2, ifSo);
    bytes.setUint8(at + 3, ifNot);
    bytes.setUint32(at + 4, value, true);
  });
  return new Uint8Array(bytes.buffer);
}
