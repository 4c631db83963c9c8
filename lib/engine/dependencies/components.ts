/** The strongly connected components of a directed graph (Tarjan), without recursion: chains may be long. */

interface Visit<Node> {
  node: Node;
  successors: Iterator<Node>;
}

/** For each node the number of its component: nodes that lead to each other have the same. */
export function componentsOf<Node>(
  nodes: Iterable<Node>,
  successors: (node: Node) => Iterable<Node>,
): Map<Node, number> {
  const components = new Map<Node, number>();
  /** When a node was found, and the earliest one on the path that it leads back to. */
  const found = new Map<Node, number>(), earliest = new Map<Node, number>();
  const path: Node[] = [], visits: Visit<Node>[] = [];
  const enter = (node: Node) => {
    found.set(node, found.size);
    earliest.set(node, found.get(node)!);
    path.push(node);
    visits.push({ node, successors: successors(node)[Symbol.iterator]() });
  };
  const note = (node: Node, other: number) => earliest.set(node, Math.min(earliest.get(node)!, other));
  const leave = (node: Node) => {
    visits.pop();
    const before = visits.at(-1);
    if (before) note(before.node, earliest.get(node)!);
    if (earliest.get(node) !== found.get(node)) return;
    const number = components.size;
    let member: Node;
    do components.set(member = path.pop()!, number); while (member !== node);
  };
  for (const start of nodes) {
    if (!found.has(start)) enter(start);
    for (let visit = visits.at(-1); visit; visit = visits.at(-1)) {
      const { done, value: next } = visit.successors.next();
      if (done) leave(visit.node);
      else if (!found.has(next)) enter(next);
      else if (!components.has(next)) note(visit.node, found.get(next)!);
    }
  }
  return components;
}
