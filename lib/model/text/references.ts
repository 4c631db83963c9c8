/** References: the words by which the fields of dependencies name other jobs. */

/** What a word refers to. */
export interface JobReferenceWord {
  /** A job's name, or one that jobs provide. */
  name: string;
  /** True for `completed(NAME)`: what counts is that the job has done its work. */
  completed: boolean;
}

const COMPLETED = /^completed\(([^]+)\)$/;

/** What a word such as `redis` or `completed(migrate)` refers to. */
export function parseReference(word: string): JobReferenceWord {
  const name = COMPLETED.exec(word)?.[1];
  return name === undefined ? { name: word, completed: false } : { name, completed: true };
}

/** The word for a reference. */
export function formatReference({ name, completed }: JobReferenceWord): string {
  return completed ? `completed(${name})` : name;
}

/** True for what begins like a completion, but does not end like one, or holds another. */
export function isBrokenReference(word: string): boolean {
  return /^completed\(/.test(parseReference(word).name);
}

/** True for a word, or several, with a comma that is meant to separate names. */
export function hasStrayComma(word: string): boolean {
  return /^,|,(?:\s|$)/.test(word);
}
