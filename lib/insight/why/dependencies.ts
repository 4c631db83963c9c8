/** What a job depends on, and who depends on it. */

import type { Edge, EdgeKind } from "../../engine/dependencies/graph.ts";
import { isAboutCompletion, isMetStill, targetOf } from "../../engine/dependencies/phases.ts";
import { said } from "../../engine/dependencies/reasons.ts";
import { graphOf, type StartWait } from "../../engine/dependencies/waits.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";
import { UP } from "../../engine/states.ts";
import type { JobRelation } from "../../model/job.ts";
import type { Facts } from "./facts.ts";
import { jobReason, type Path, upInWords } from "./jobs.ts";
import { listed, reason, type ReasonNode } from "./reason.ts";
import { closestHint } from "./sources.ts";

/** The kinds of edges in a sentence about the one who depends. */
const VERBS: Readonly<Record<EdgeKind, string>> = {
  needs: "it needs",
  wants: "it wants",
  uses: "it uses",
  after: "it comes after",
  last: "it comes after",
};

/** What an instance waits for before it starts. */
export function waitReason(facts: Facts, { edge, target }: StartWait, path: Path): ReasonNode {
  if (edge) return edgeReason(facts, edge, target, path);
  const because = jobReason(facts, target!, path);
  return reason("dependency", `it conflicts with ${target!.name}, which has to be gone`, {
    job: target!.name,
    isMet: false,
  }, [because]);
}

/** One dependency, and why it is not there if it is not. */
function edgeReason(facts: Facts, edge: Edge, target: LoadedJob | undefined, path: Path): ReasonNode {
  const relation = relationOf(facts, edge), verb = VERBS[relation?.kind ?? edge.kind];
  if (!target) {
    const hint = closestHint(edge.name, graphOf(facts.engine).names);
    return reason("dependency", `${verb} ${edge.name}, which no job provides${hint}`, {
      job: edge.name,
      isMet: false,
      ...(edge.kind === "needs" && { isHopeless: true as const }),
    });
  }
  const name = relation?.as === undefined ? said(edge, target) : `${relation.as} (${target.name})`;
  const isCompletion = isAboutCompletion(edge, target);
  if (isMetStill(edge, target)) {
    const up = Array.from(target.instances.values()).find(({ state }) => UP.has(state));
    const how = isCompletion || !up ? "has done its work" : upInWords(facts, up);
    return reason("dependency", `${verb} ${name}, which ${how}`, { job: target.name, isMet: true });
  }
  const because = jobReason(facts, target, path);
  const isHopeless = edge.kind === "needs" && because.isHopeless;
  return reason(
    "dependency",
    `${verb} ${name}, which ${isCompletion ? "has not done its work" : "is not up"}`,
    { job: target.name, isMet: false, ...(isHopeless && { isHopeless }) },
    [because],
  );
}

/** The kinds that say what a job relies on. Those of the order count only where something waits because of it. */
const RELIES: readonly EdgeKind[] = ["needs", "wants", "uses"];

/** What a job relies on, those first that are not there; and what it conflicts with. */
export function dependencyReasons(facts: Facts, job: LoadedJob, path: Path): ReasonNode[] {
  const { engine } = facts, graph = graphOf(engine);
  const relied = graph.edgesOf(job.name).filter((edge) =>
    RELIES.includes(relationOf(facts, edge)?.kind ?? edge.kind)
  );
  const all = withoutSpares(facts, relied).map((edge) =>
    edgeReason(facts, edge, targetOf(engine, edge), path)
  );
  const sorted = [...all.filter(({ isMet }) => !isMet), ...all.filter(({ isMet }) => isMet)];
  const conflicts = Array.from(graph.conflictsOf(job.name)).filter((name) =>
    (engine.jobs.get(name)?.instances.size ?? 0) > 0
  );
  return [
    ...listed(sorted, (one) => one, "dependencies"),
    ...listed(conflicts, (name) => {
      return reason("dependency", `it conflicts with ${name}, which its start would stop`, { job: name });
    }, "conflicts"),
  ];
}

/** What the dependant's own format says of a dependency. */
function relationOf({ engine }: Facts, { dependant, name }: Edge): JobRelation | undefined {
  const relations = engine.jobs.get(dependant)?.definition.relations;
  return relations && Object.hasOwn(relations, name) ? relations[name] : undefined;
}

/** Of several that are meant by one name, those count that are up, where any is. */
function withoutSpares(facts: Facts, edges: readonly Edge[]): Edge[] {
  const isUp = (edge: Edge) => {
    const target = targetOf(facts.engine, edge);
    return target !== undefined && isMetStill(edge, target);
  };
  const met = new Set(edges.filter(isUp).map((edge) => relationOf(facts, edge)?.as));
  return edges.filter((edge) => {
    const as = relationOf(facts, edge)?.as;
    return as === undefined || !met.has(as) || isUp(edge);
  });
}

/** Which jobs would start this one with them, as they need or want it. */
export function dependantReasons({ engine }: Facts, job: LoadedJob): ReasonNode[] {
  const edges = Array.from(graphOf(engine).edgesTo(job.name)).filter(({ kind }) =>
    kind === "needs" || kind === "wants"
  );
  return listed(edges, ({ dependant, kind }) => {
    const { instances } = engine.jobs.get(dependant) ?? { instances: new Map() };
    const state = Array.from(instances.values(), ({ goal, state }) => `${goal}/${state}`)[0] ??
      "stop/waiting";
    const text = `${dependant} ${kind} it, and starts it when it is started itself (${dependant} ${state})`;
    return reason("dependant", text, { job: dependant });
  }, "jobs");
}
