/** The dependency tree as OpenRC's programs load it: they tell when it is made anew, and what is wrong. */

import { paletteOf } from "../../../compat/openrc/mod.ts";
import { type LoadedTree, loadTree } from "../../config/openrc/depend/tree.ts";
import { write } from "../output.ts";
import { dependFunctions } from "./library/mod.ts";
import { columnsOf, type OpenrcMessages } from "./messages.ts";

/** How the tree is loaded. */
interface TreeRequest {
  messages: OpenrcMessages;
  environment: Record<string, string | undefined>;
  /** The tree is made anew, whatever has changed. */
  isForced?: boolean;
}

/** The tree, and how the making of a new one failed, where it did. */
interface ToldTree extends LoadedTree {
  failure?: string | undefined;
}

/** Loads the tree, made anew where that is due. */
export async function loadTreeAloud(
  { messages, environment, isForced = false }: TreeRequest,
): Promise<ToldTree> {
  let failure: string | undefined;
  const textOf = (reason?: string) => `Failed to update the dependency tree: ${reason}`;
  const loaded = await loadTree({
    isForced,
    environment,
    library: dependFunctions({ palette: paletteOf(environment), columns: columnsOf(1, environment) }),
    warn: (problem) => write(2, `${problem}\n`),
    onBegin: () => messages.begin("Caching service dependencies"),
    onEnd(reason) {
      failure = reason;
      messages.end(reason === undefined, textOf(reason));
    },
    onObstacle(reason) {
      failure = reason;
      messages.error(textOf(reason));
    },
  });
  return { ...loaded, failure };
}
