/** What is wrong with the configuration, and where. */

/** One thing to tell the administrator. */
export interface Report {
  file: string;
  /** Absent when it is about the file as a whole. */
  line?: number;
  column?: number;
  /** What is wrong, without the place. */
  reason: string;
}

/** A report as init prints it behind `init:`, e.g. `/etc/init/web.conf:3: Unknown stanza`. */
export function formatReport({ file, line, column, reason }: Report): string {
  const place = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined);
  return `${place.join(":")}: ${reason}`;
}
