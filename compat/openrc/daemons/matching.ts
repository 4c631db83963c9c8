/** Which processes are meant: by program, arguments, name, user and parent. */

/** A process, as far as it is asked; undefined where it has gone, or may not be asked. */
export interface ProcessView {
  readonly pid: number;
  /** The program's file name, cut at 15 characters. */
  readonly command: string | undefined;
  readonly arguments: readonly string[] | undefined;
  /** The user that it runs as. */
  readonly owner: number | undefined;
  readonly parent: number | undefined;
  /** The file that it executes, whatever its name is by now. */
  readonly program: string | undefined;
}

/** What OpenRC looks for. */
export interface OpenrcCriteria {
  /** The program: the last name of its path counts. */
  exec?: string | undefined;
  /** The first words of the command line. */
  words: readonly string[];
  /** Undefined and 0: anybody's. */
  uid?: number | undefined;
}

/** True for a process that OpenRC means. */
export function isOpenrcMatch(process: ProcessView, { exec, words, uid }: OpenrcCriteria): boolean {
  if (uid && process.owner !== uid) return false;
  if (exec !== undefined && process.command !== exec.slice(exec.lastIndexOf("/") + 1)) return false;
  if (words.length === 0) return true;
  const given = process.arguments;
  return given !== undefined && words.every((word, index) => given[index] === word);
}

/** What dpkg looks for. What is undefined does not count. */
export interface DpkgCriteria {
  /** The file of the program, told apart from others. */
  program?: string | undefined;
  parent?: number | undefined;
  uid?: number | undefined;
  name?: string | undefined;
}

/** True for a process that dpkg means. */
export function isDpkgMatch(process: ProcessView, { program, parent, uid, name }: DpkgCriteria): boolean {
  return (program === undefined || process.program === program) &&
    (parent === undefined || process.parent === parent) &&
    (uid === undefined || process.owner === uid) &&
    (name === undefined || process.command === name);
}
