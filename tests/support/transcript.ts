/** Transcripts in the documentation: blocks with commands behind `$ ` and what they print. */

/**
 * The commands of all transcripts of a kind with what they print, and `[STATUS]` at its end where that is not 0. The
 * kind is what stands behind the fence.
 */
export function transcripts(guide: string, kind = "console"): Array<{ command: string; told: string }> {
  const blocks = Array.from(
    guide.matchAll(new RegExp("^```" + kind + "\n([^]*?)^```$", "gm")),
    ([, text]) => text!,
  );
  return blocks.flatMap((block) => block.split(/^\$ /m).slice(1)).map((part) => {
    const end = part.indexOf("\n");
    return { command: part.slice(0, end), told: part.slice(end + 1) };
  });
}
