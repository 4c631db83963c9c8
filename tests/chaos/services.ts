/** The services that chaos comes over: their kinds, and the files that define them. */

/** What a kind of services is. */
interface Kind {
  /** So many there are among sixty. */
  share: number;
  /** How often its main process is started again after it was killed. */
  respawns: "never" | "always" | number;
  /** The file's stanzas beside when it starts, or a whole module. */
  text(service: Service): string;
  isModule?: boolean;
}

/** A service. */
export interface Service {
  /** The job's name. */
  readonly name: string;
  readonly kind: KindName;
  /** The service that it needs. */
  readonly needs?: string;
}

const SLEEP = "exec sleep 100000", RESPAWN = "respawn\nrespawn limit unlimited\n";

/** A job module whose other fields are the text. */
function module({ name }: Service, fields: string): string {
  return `import { job, on } from "rouse";
export default job({
  startOn: on("boot").or(on("raise", { JOB: "${name}" })),
  stopOn: on("lower", { JOB: "${name}" }),
  env: { VERSION: "@VERSION@" },
  respawn: { delay: 0 },
  ${fields}
});
`;
}

/** The kinds. `@DIR@` stands for init's directory, `@VERSION@` for how often the file was edited. */
const KINDS = {
  simple: { share: 11, respawns: "never", text: () => SLEEP },
  respawned: { share: 13, respawns: "always", text: () => RESPAWN + SLEEP },
  limited: { share: 4, respawns: 3, text: () => `respawn\nrespawn limit 3 1000000\n${SLEEP}` },
  delayed: {
    share: 4,
    respawns: "always",
    text: () => `${RESPAWN}respawn delay 0.2 max 1\n${SLEEP}`,
  },
  // What a process leaves behind that was killed before it ended by itself is no service, and has to go.
  fork: {
    share: 2,
    respawns: "always",
    text: () => `${RESPAWN}kill mode group\nexpect fork\nscript\n  sleep 100000 &\nend script`,
  },
  daemon: {
    share: 2,
    respawns: "always",
    text: () => `${RESPAWN}kill mode group\nexpect daemon\nscript\n  (sleep 100000 &)\nend script`,
  },
  log: {
    share: 3,
    respawns: "always",
    text: () => `${RESPAWN}ready log ^up$\nscript\n  echo up\n  exec sleep 100000\nend script`,
  },
  descriptor: {
    share: 2,
    respawns: "always",
    text: () => `${RESPAWN}ready fd 3\nscript\n  echo >&3\n  exec 3>&- sleep 100000\nend script`,
  },
  hooked: {
    share: 3,
    respawns: "always",
    text: () => `${RESPAWN}pre-start exec true\npost-start exec true\n${SLEEP}\npost-stop exec true`,
  },
  base: { share: 1, respawns: "always", text: () => RESPAWN + SLEEP },
  needing: { share: 2, respawns: "always", text: ({ needs }) => `needs ${needs}\n${RESPAWN}${SLEEP}` },
  checked: {
    share: 2,
    respawns: "always",
    text: () => `${RESPAWN}ready file @DIR@/conf\nalive file @DIR@/conf every 1\n${SLEEP}`,
  },
  // Numbers its lines from 1 in each of its lives.
  writer: {
    share: 1,
    respawns: "always",
    text: () =>
      `${RESPAWN}console pipe\nscript\n  n=0\n  while n=$((n + 1)); do echo line $n; ` +
      "[ $((n % 10)) != 0 ] || sleep 0.1; done\nend script",
  },
  shipped: {
    share: 1,
    respawns: "always",
    text: () =>
      `${RESPAWN}log to file otlp:http://127.0.0.1:9/v1/logs\nscript\n  echo up\n  exec sleep 100000\nend script`,
  },
  // It has to be killed.
  stubborn: {
    share: 2,
    respawns: "always",
    text: () => `${RESPAWN}kill timeout 1\nscript\n  trap "" TERM\n  exec sleep 100000\nend script`,
  },
  module: {
    share: 6,
    respawns: "always",
    isModule: true,
    text: (service) => module(service, `exec: ["sleep", "100000"],`),
  },
  function: {
    share: 1,
    respawns: "always",
    isModule: true,
    text: (service) =>
      module(
        service,
        `expect: "stop",
  main({ ready, signal }) {
    const timer = setInterval(() => {}, 1_000_000);
    signal.addEventListener("abort", () => clearInterval(timer));
    ready();
  },`,
      ),
  },
} as const satisfies Record<string, Kind>;

/** The name of a kind. */
type KindName = keyof typeof KINDS;

/** How often a service is started again after it was killed. */
export function respawnsOf({ kind }: Service): Kind["respawns"] {
  return KINDS[kind].respawns;
}

/** So many services, of all kinds. */
export function makeServices(count: number): Service[] {
  const names = Object.keys(KINDS) as KindName[];
  const deck = names.flatMap((kind) => Array.from({ length: KINDS[kind].share }, () => kind));
  let base = "";
  return Array.from({ length: count }, (_, index) => {
    const kind = deck[index % deck.length]!, name = `${kind}${index}`;
    if (kind === "base") base = name;
    return kind === "needing" ? { name, kind, needs: base } : { name, kind };
  });
}

/** The services that share a fate with each, by its name: itself, what it needs, and what needs that. */
export function groupsOf(services: readonly Service[]): Map<string, readonly Service[]> {
  const groups = Map.groupBy(services, ({ name, needs }) => needs ?? name);
  return new Map(services.map(({ name, needs }) => [name, groups.get(needs ?? name)!]));
}

/** The name of a service's file. */
export function fileOf({ name, kind }: Service): string {
  const { isModule = false }: Kind = KINDS[kind];
  return name + (isModule ? ".ts" : ".conf");
}

/** The text of a service's file, after so many edits. */
export function definitionOf(service: Service, version: number): string {
  const { isModule = false, text }: Kind = KINDS[service.kind], { name } = service;
  const conditions = `start on boot or raise JOB=${name}\nstop on lower JOB=${name}\nenv VERSION=@VERSION@\n`;
  return (isModule ? text(service) : `${conditions}${text(service)}\n`).replace("@VERSION@", String(version));
}
