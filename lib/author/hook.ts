/** The hook child: runs one function of a job module. */

/** The program `hook`: `rouse hook MODULE JOB PROCESS`. Returns its exit status: 0, 1 when the function threw. */
export function main(_args: string[]): Promise<number> {
  return Promise.resolve(2);
}
