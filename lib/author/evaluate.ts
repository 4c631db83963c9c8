/** The evaluator child: imports job modules and prints what they define as data (see protocol.ts). */

/** The program `evaluate`. Returns its exit status: 0 when all modules were reported, 2 for wrong usage. */
export function main(_args: string[]): Promise<number> {
  return Promise.resolve(2);
}
