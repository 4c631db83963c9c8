/** What the kernel refuses, told from faults of our own. */

/** An error of the kernel, as node:fs and lib/sys throw it; `code` names it, e.g. `ENOENT`. */
export type KernelError = Error & { readonly code: string };

/** True for an error of the kernel. Also for that of a path with a null character, which node:fs asks nobody about. */
export function isKernelError(error: unknown): error is KernelError {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return false;
  return error.code === "ERR_INVALID_ARG_VALUE" || !error.code.startsWith("ERR_");
}

/**
 * Does what the kernel may refuse.
 *
 * @param otherwise Makes the result of the kernel's error.
 * @throws whatever is no error of the kernel: a fault of ours.
 */
export function unlessRefused<Result, Other>(
  action: () => Result,
  otherwise: (error: KernelError) => Other,
): Result | Other {
  try {
    return action();
  } catch (error) {
    if (isKernelError(error)) return otherwise(error);
    throw error;
  }
}

/** The same, with undefined where the kernel refuses it. */
export function ifAllowed<Result>(action: () => Result): Result | undefined {
  return unlessRefused(action, () => undefined);
}
