/** The search for the system's init among the addresses where inits of other containers may listen, too. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import process from "node:process";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import { SYSTEM_ADDRESS, SYSTEM_FILE_ADDRESS, SYSTEM_PRIVATE_ADDRESS } from "../names.ts";
import type { Client, connect } from "./client.ts";
import { connectToSystem } from "./system.ts";

/** Addresses, with the number of the process that listens there; 0 for one of another container. */
type Listeners = Record<string, number>;

/** What becomes of a search: the address that was found, or why there is none; and that no other connection stays open. */
async function find(listeners: (spare: string) => Listeners): Promise<string> {
  using directory = new TemporaryDirectory();
  mkdirSync(directory.at("rouse"), 0o700);
  const spare = `unix:path=${directory.at("rouse")}/control`, all = listeners(spare);
  const open = new Set<string>();
  const fake: typeof connect = (address) => {
    if (!(address in all)) return Promise.reject(new Error(`${address}: nobody`));
    open.add(address);
    const client = { server: all[address], address, close: () => void open.delete(address) };
    return Promise.resolve(client as unknown as Client);
  };
  try {
    const found = await connectToSystem({ XDG_RUNTIME_DIR: directory.path }, fake, assert.fail);
    const { address } = found as unknown as { address: string };
    assert.deepEqual([...open], [address]);
    return address === spare ? "spare" : address;
  } catch (error) {
    assert.deepEqual([...open], []);
    return (error as Error).message;
  }
}

const IS_ROOT = process.geteuid?.() === 0;

Deno.test("an init of this PID namespace goes before others, wherever it listens", async () => {
  assert.equal(await find((spare) => ({ [SYSTEM_ADDRESS]: 1, [spare]: process.pid })), SYSTEM_ADDRESS);
  assert.equal(
    await find((spare) => ({ [SYSTEM_ADDRESS]: 0, [SYSTEM_FILE_ADDRESS]: 1, [spare]: process.pid })),
    SYSTEM_FILE_ADDRESS,
  );
  assert.equal(await find((spare) => ({ [SYSTEM_ADDRESS]: 0, [spare]: process.pid })), "spare");
  assert.equal(await find((spare) => ({ [spare]: process.pid })), "spare");
});

Deno.test("an init outside is taken where systems listen, and not in a directory that others share", async () => {
  assert.equal(await find((spare) => ({ [SYSTEM_ADDRESS]: 0, [spare]: 0 })), SYSTEM_ADDRESS);
  assert.equal(await find((spare) => ({ [SYSTEM_FILE_ADDRESS]: 0, [spare]: 0 })), SYSTEM_FILE_ADDRESS);
  assert.match(await find((spare) => ({ [spare]: 0 })), /^unix:abstract=\S+: nobody$/);
});

Deno.test("root asks at its own address before it asks at everybody's", { ignore: !IS_ROOT }, async () => {
  assert.equal(
    await find(() => ({ [SYSTEM_ADDRESS]: 0, [SYSTEM_PRIVATE_ADDRESS]: 1, [SYSTEM_FILE_ADDRESS]: 1 })),
    SYSTEM_PRIVATE_ADDRESS,
  );
});
