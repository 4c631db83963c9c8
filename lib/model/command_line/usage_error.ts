/** The error of a wrong command line. */

/** A command line that cannot be followed. The message is for the user, who is also pointed to `--help`. */
export class UsageError extends Error {}

/** What a program answers to a wrong command line. @param usage The words by which it was called, as `rouse check` */
export function usageMessage(usage: string, message: string): string {
  return `${usage}: ${message}\nTry \`${usage} --help' for more information.\n`;
}
