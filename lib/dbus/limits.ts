/** Bounds that the D-Bus specification sets ("Message Format", "Valid Signatures"). Lengths are in bytes. */

export const LARGEST_MESSAGE = 128 << 20, LARGEST_ARRAY = 64 << 20;

/** How many characters a signature may have. */
export const LONGEST_SIGNATURE = 255;

/** How many arrays may be within each other in one signature, and likewise how many structures. */
export const DEEPEST_NESTING = 32;

/** How many arrays, structures and variants may be around a value. */
export const DEEPEST_VALUE = 64;
