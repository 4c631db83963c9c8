/**
 * A lossless encoding of bytes as strings. UTF-8 is decoded. A byte that is no valid UTF-8 becomes one of the lone
 * surrogates U+DC80 to U+DCFF, so that it reaches a job's process unchanged.
 */

import { Buffer } from "node:buffer";

const BEYOND_ASCII = /[\x80-\uffff]/;
const UTF_8 =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;

/** Decodes bytes, which are given as one character each (Latin-1). */
export function decodeBytes(latin1: string): string {
  if (!BEYOND_ASCII.test(latin1)) return latin1;
  return latin1.replace(
    UTF_8,
    (bytes) =>
      bytes.length === 1
        ? String.fromCharCode(0xdc00 + bytes.charCodeAt(0))
        : Buffer.from(bytes, "latin1").toString("utf8"),
  );
}

/** True when a string holds bytes that are no valid UTF-8. Only {@link encodeBytes} encodes these. */
export function hasRawBytes(text: string): boolean {
  return /[\udc80-\udcff]/u.test(text);
}

/** Encodes a string as bytes, one character each (Latin-1): the reverse of {@link decodeBytes}. */
export function encodeBytes(text: string): string {
  if (!BEYOND_ASCII.test(text)) return text;
  return text.replace(/[\udc80-\udcff]|[^\udc80-\udcff]+/gu, (part) => {
    const code = part.charCodeAt(0);
    return code >= 0xdc80 && code <= 0xdcff
      ? String.fromCharCode(code - 0xdc00)
      : Buffer.from(part, "utf8").toString("latin1");
  });
}
