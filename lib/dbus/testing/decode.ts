/** The decoder of one message, for tests. */

import type { Buffer } from "node:buffer";
import { LARGEST_MESSAGE } from "../limits.ts";
import type { Message } from "../message.ts";
import { MessageReader } from "../message_reader.ts";
import { ProtocolError } from "../protocol_error.ts";

/**
 * The message that these bytes are, all of them.
 *
 * @throws {ProtocolError} when they are none.
 */
export function decode(bytes: Buffer): Message {
  const reader = new MessageReader(LARGEST_MESSAGE);
  reader.push(bytes);
  const message = reader.next();
  if (!message || reader.available > 0) throw new ProtocolError("not the bytes of one message");
  return message;
}
