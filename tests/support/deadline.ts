/** Waiting for something to come true, with a deadline that tells what was waited for. */

/** How long is waited before a question is asked again (ms): the least, and the most. */
const PAUSE = 10, LONGEST_PAUSE = 250;

/** So many times as long as the question took, too: those that run a program leave the processors to others. */
const REST = 2;

/** How long is waited (ms), however busy the machine is, for what comes at once on an idle one. */
const PATIENCE = 40_000;

/**
 * Asks again and again until the question has an answer other than undefined or false, and gives it.
 * Throws after `timeout` milliseconds, naming what did not come true.
 */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  timeout = PATIENCE,
): Promise<T> {
  const deadline = performance.now() + timeout;
  while (true) {
    const begin = performance.now();
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    const now = performance.now();
    if (now > deadline) throw new Error(`Gave up after ${timeout} ms waiting until ${what}`);
    await pause(Math.min(Math.max(PAUSE, REST * (now - begin)), LONGEST_PAUSE));
  }
}

/** The promise's value, or an error that names what was waited for once `timeout` milliseconds have passed. */
export async function within<T>(what: string, promise: Promise<T>, timeout = PATIENCE): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Gave up after ${timeout} ms waiting for ${what}`)), timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets this many milliseconds pass. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
