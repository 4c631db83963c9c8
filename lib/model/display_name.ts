/** The name of an instance in messages. */

/** `JOB`, or `JOB (INSTANCE)` where the instance has a name. */
export function displayName(job: string, instance: string): string {
  return instance === "" ? job : `${job} (${instance})`;
}
