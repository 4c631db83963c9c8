/** Object paths. */

/** True for `/`, and for elements of letters, digits and underscores, each behind a slash. */
export function isObjectPath(text: string): boolean {
  // One expression for a repeated element takes seconds for megabytes of elements, and gives up in the end.
  return text === "/" || /^\/[A-Za-z0-9_/]+$/.test(text) && !text.includes("//") && !text.endsWith("/");
}
