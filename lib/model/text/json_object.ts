/** Lines of JSON from processes that are not trusted. */

/** The object that a text of JSON is; undefined for any other text. */
export function jsonObject(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Text that is nested too deep is none either.
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return undefined;
  }
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : undefined;
}
