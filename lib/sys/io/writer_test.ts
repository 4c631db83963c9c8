import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ENOMEM, SystemError } from "../call/errno.ts";
import { readToEnd } from "../testing/children.ts";
import { close, pipe, setNonBlocking } from "./descriptors.ts";
import { Epoll } from "./epoll.ts";
import { DescriptorWriter } from "./writer.ts";

Deno.test("a writer that cannot wait for room for lack of memory loses nothing", async () => {
  const { reader, writer: fd } = pipe();
  setNonBlocking(fd);
  const writer = new DescriptorWriter(fd, {
    onProgress() {
      if (writer.waiting === 0) close(fd);
    },
    onBroken: (error) => assert.fail(error),
  });
  const { add } = Epoll.prototype;
  let faults = 0;
  Epoll.prototype.add = function (...args) {
    if (args[1] === "write" && ++faults === 1) throw new SystemError("watch a descriptor", ENOMEM);
    add.apply(this, args);
  };
  try {
    // More than a pipe holds.
    const pieces = ["a", "b"].map((letter) => letter.repeat(200_000));
    for (const piece of pieces) writer.write(Buffer.from(piece));
    assert(faults > 0 && writer.waiting > 0);
    assert(await readToEnd(reader) === pieces.join(""));
  } finally {
    Epoll.prototype.add = add;
  }
});
