import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { close, openPty, pipe, read, setNonBlocking } from "../sys/io/descriptors.ts";
import { write } from "./output.ts";

Deno.test("all of a long text is written, also where the descriptor does not block", async () => {
  const { reader, writer } = pipe();
  setNonBlocking(writer);
  // More than the pipe holds, and more than is written at once, in characters of several bytes.
  const text = "a line that ends with é\n".repeat(10_000);
  const child = spawn("sha256sum", { stdio: [reader, "pipe", "inherit"] });
  let output = "";
  child.stdout!.on("data", (chunk) => output += chunk);
  close(reader);
  write(writer, text);
  close(writer);
  await once(child, "close");
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  assert.equal(output, `${digest.toString("hex")}  -\n`);
});

Deno.test("nobody reading is no error, but nowhere to write to is", () => {
  const { reader, writer } = pipe();
  close(reader);
  write(writer, "unread");
  close(writer);
  assert.throws(() => write(-1, "lost"), /^OutputError: Unable to write: Bad file descriptor$/);
});

Deno.test("a terminal is sent no control characters, all else is sent what is said", () => {
  const said = "web\x1b]0;title\x07 (\x9b31m)\tstart/running é\n";
  const sent = (reader: number, writer: number): string => {
    write(writer, said);
    const bytes = read(reader) as Uint8Array;
    close(writer);
    close(reader);
    return new TextDecoder().decode(bytes);
  };
  const { master, slave } = openPty();
  assert.equal(sent(master, slave), "web\\e]0;title\\x07 (\\x9b31m)\tstart/running é\r\n");
  const { reader, writer } = pipe();
  assert.equal(sent(reader, writer), said);
});
