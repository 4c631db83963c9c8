/** Doing many things, a few at a time. */

/** A function that does the work it is given as soon as fewer than `width` others are being done. */
export function pool(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: Array<() => void> = [];
  let busy = 0;
  return async (work) => {
    if (busy === width) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else busy--;
    }
  };
}
