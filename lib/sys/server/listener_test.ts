import assert from "node:assert/strict";
import { connect } from "node:net";
import process from "node:process";
import { ENOMEM, SystemError } from "../call/errno.ts";
import { kernel } from "../call/kernel.ts";
import { close } from "../io/descriptors.ts";
import { Epoll } from "../io/epoll.ts";
import { Listener } from "./listener.ts";
import { listenUnix } from "../io/socket.ts";

Deno.test("a listener that can neither accept a client nor go on listening tries again", async () => {
  const path = `\0rouse-test-listener-${process.pid}`;
  const { promise, resolve } = Promise.withResolvers<number>();
  const listener = new Listener(listenUnix(path), resolve);
  const memory = kernel(), { call } = memory, { add } = Epoll.prototype;
  let refusals = 0, faults = 0;
  // There is no descriptor, neither the reserve nor the spare one is of use, and then there is no memory either.
  memory.call = (name, ...args) =>
    name === "accept4" && ++refusals <= 3 ? -ENOMEM : call.call(memory, name, ...args);
  Epoll.prototype.add = function (...args) {
    if (refusals > 0 && ++faults === 1) throw new SystemError("watch a descriptor", ENOMEM);
    add.apply(this, args);
  };
  const client = connect(path);
  try {
    close(await promise);
    assert.equal(faults, 2);
  } finally {
    Object.assign(memory, { call });
    Epoll.prototype.add = add;
    client.destroy();
    listener.close();
  }
});
