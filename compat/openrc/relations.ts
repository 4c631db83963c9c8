/** How services depend on one another: the words of depend(), and the names that answers have (openrc-run(8)). */

/** What a service says of others. */
export type OwnRelation = "ineed" | "iuse" | "iwant" | "iafter" | "ibefore" | "iprovide";

/** What follows for those others, and the needs that nothing meets. */
export type Relation = OwnRelation | "needsme" | "usesme" | "wantsme" | "providedby" | "broken";

/** What each relation makes of the other service. */
export const INVERSES: Readonly<Record<OwnRelation, Relation>> = {
  ineed: "needsme",
  iuse: "usesme",
  iwant: "wantsme",
  iafter: "ibefore",
  ibefore: "iafter",
  iprovide: "providedby",
};

/** The relations by which a service comes later than another. */
export const ORDERING: readonly Relation[] = ["ineed", "iuse", "iwant", "iafter"];

/** The words of depend(), and what each says. */
export const DEPEND_WORDS: Readonly<Record<string, DependKind>> = {
  config: "config",
  need: "ineed",
  use: "iuse",
  want: "iwant",
  after: "iafter",
  before: "ibefore",
  provide: "iprovide",
  keyword: "keyword",
};

/** What a line of depend() may be about. */
export type DependKind = OwnRelation | "config" | "keyword";

/** What a service's depend() says, line by line. */
export interface DependLines {
  service: string;
  lines: { kind: DependKind; words: string[] }[];
}

/** The systems that `-containers` stands for, besides FreeBSD's jails. */
const CONTAINERS = ["docker", "lxc", "openvz", "rkt", "systemd-nspawn", "uml", "vserver"];

/** The keywords that a word of `keyword` means. */
export function keywordsOf(word: string): string[] {
  const [, not, rest] = /^(!?)-(.*)$/.exec(word) ?? [];
  return rest === "containers" ? CONTAINERS.map((system) => `${not}-${system}`) : [word];
}

/** The part of a variable's name that stands for a service, as in `rc_net_eth0_need`. */
export function variableName(service: string): string {
  return service.replace(/[^A-Za-z0-9]/g, "_");
}
