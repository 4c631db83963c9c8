/** What comes of writing a job in another format. */

/** A file in another format, and what of the definition it does not say: a sentence each. */
export interface Conversion {
  text: string;
  lost: string[];
}
