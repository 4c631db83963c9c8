/** The tree of D-Bus objects, and the dispatch of method calls to them. */

import { readFileSync } from "node:fs";
import { BUS, BUS_PATH } from "./bus.ts";
import {
  type CallContext,
  type Interface,
  introspection,
  type Method,
  type Property,
  ReplyError,
  signature,
} from "./interface.ts";
import { INSTANCE, JOB, ROUSE_INSTANCE, ROUSE_JOB } from "./job.ts";
import { INSIGHT } from "./insight.ts";
import { MANAGER, ROUSE } from "./manager.ts";
import type { ReceivedMessage } from "../../dbus/message_reader.ts";
import type { Variant } from "../../dbus/value_writer.ts";
import {
  DBUS_ERROR_PREFIX,
  ERROR_PREFIX,
  escapeName,
  instancePath,
  INTROSPECTABLE,
  JOBS_PATH,
  MANAGER_PATH,
  parsePath,
  PEER,
  PROPERTIES,
} from "../names.ts";
import { RequestFailure } from "../../model/failure.ts";
import { isPrivileged } from "../privilege.ts";
import { ControlError, type ErrorName, follow, type Supervisor } from "../supervisor.ts";
import { ifAllowed } from "../../sys/call/refused.ts";

/** The values that a method returns, and their types. */
export interface MethodReply {
  signature: string;
  body: unknown[];
}

/** An object: the target of its methods, its own interfaces, and the names of the objects below it. */
interface ObjectNode {
  interfaces: ReadonlyArray<Interface<never>>;
  target: unknown;
  children(): string[];
}

const none = () => [];

const MANAGER_NODE: ObjectNode = {
  interfaces: [MANAGER, ROUSE, INSIGHT],
  target: null,
  children: () => ["jobs"],
};
const BUS_NODE: ObjectNode = { interfaces: [BUS], target: null, children: none };
const JOB_INTERFACES = [JOB, ROUSE_JOB], INSTANCE_INTERFACES = [INSTANCE, ROUSE_INSTANCE];

/** The object at a path, or undefined. */
function find(path: string, supervisor: Supervisor): ObjectNode | undefined {
  if (path === MANAGER_PATH) return MANAGER_NODE;
  const names = parsePath(path);
  if (!names) return findAbove(path, supervisor);
  const job = supervisor.job(names.job);
  if (!job) return undefined;
  if (names.instance === undefined) {
    return {
      interfaces: JOB_INTERFACES,
      target: job,
      children: () => Array.from(job.instances.keys(), escapeName),
    };
  }
  const instance = job.instances.get(names.instance);
  return instance && { interfaces: INSTANCE_INTERFACES, target: { job, instance }, children: none };
}

/** The bus, or an object that is there for those below it. */
function findAbove(path: string, supervisor: Supervisor): ObjectNode | undefined {
  if (path === BUS_PATH) return BUS_NODE;
  if (path === JOBS_PATH) {
    const children = () => Array.from(supervisor.jobs(), (job) => escapeName(job.definition.name));
    return { interfaces: [], target: null, children };
  }
  const above = path === "/" ? "/" : `${path}/`;
  if (!MANAGER_PATH.startsWith(above)) return undefined;
  const [child] = MANAGER_PATH.slice(above.length).split("/");
  return { interfaces: [], target: null, children: () => [child!] };
}

/** The interfaces that every object has. */
const COMMON: Array<Interface<ObjectNode>> = [
  {
    name: INTROSPECTABLE,
    methods: {
      Introspect: {
        out: "xml:s",
        run: ({ interfaces, children }) => {
          const all = interfaces.length > 0 ? [...interfaces, ...COMMON] : [];
          return [introspection(all as Array<Interface<never>>, children())];
        },
      },
    },
    properties: {},
    signals: {},
  },
  {
    name: PEER,
    methods: { Ping: { run: () => {} }, GetMachineId: { out: "machine_uuid:s", run: () => [machineId()] } },
    properties: {},
    signals: {},
  },
  {
    name: PROPERTIES,
    methods: {
      Get: {
        in: "interface_name:s property_name:s",
        out: "value:v",
        run(node, [of, name], call) {
          const property = findProperty(node, of as string, name as string);
          return [[property.type, property.get(node.target as never, call)]];
        },
      },
      Set: {
        in: "interface_name:s property_name:s value:v",
        run(node, [of, name, variant], call) {
          const [, value] = variant as Variant;
          const property = findProperty(node, of as string, name as string);
          if (!property.set) {
            throw new ReplyError(`${DBUS_ERROR_PREFIX}AccessDenied`, `The ${name} property is read-only`);
          }
          permit(property.restricted, node.target, call);
          if (property.type !== "s" || typeof value !== "string") throw invalidArguments(`${name} property`);
          property.set(node.target as never, value, call);
        },
      },
      GetAll: {
        in: "interface_name:s",
        out: "properties:a{sv}",
        run({ interfaces, target }, [of], call) {
          const entries: Array<[string, Variant]> = [];
          for (const { name, properties } of interfaces) {
            if (of !== "" && of !== name) continue;
            for (const [key, { type, get }] of Object.entries(properties)) {
              entries.push([key, [type, get(target as never, call)]]);
            }
          }
          return [entries];
        },
      },
    },
    properties: {},
    signals: {},
  },
];

function findProperty(node: ObjectNode, of: string, name: string): Property<never> {
  for (const { name: interfaceName, properties } of node.interfaces) {
    if ((of === "" || of === interfaceName) && Object.hasOwn(properties, name)) return properties[name]!;
  }
  throw new ReplyError(`${DBUS_ERROR_PREFIX}UnknownProperty`, `Unknown property: ${name} of interface ${of}`);
}

function machineId(): string {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    // Not every system has one.
    const id = ifAllowed(() => readFileSync(path, "utf8").trim());
    if (id !== undefined) return id;
  }
  throw new ReplyError(
    `${DBUS_ERROR_PREFIX}FileNotFound`,
    "Unable to read the machine's id: /etc/machine-id is missing",
  );
}

/** @throws {ControlError} PermissionDenied, when something is restricted to root and init's own user, and the caller is another. */
function permit(
  restricted: string | ((target: never) => string) | undefined,
  target: unknown,
  { peer }: CallContext,
): void {
  if (restricted === undefined || isPrivileged(peer.uid)) return;
  const what = typeof restricted === "string" ? restricted : restricted(target as never);
  throw new ControlError("PermissionDenied", `You do not have permission to ${what}`);
}

function invalidArguments(to: string): ReplyError {
  return new ReplyError(`${DBUS_ERROR_PREFIX}InvalidArgs`, `Invalid arguments to ${to}`);
}

/**
 * Does what a method call asks for. Its values are not read before it is known that the caller may call the method with
 * values of such types.
 *
 * @throws {ReplyError} or {ControlError} when that cannot be done, maybe only later.
 * @throws {ProtocolError} when the values are not of the types that the call says.
 */
export function dispatch(message: ReceivedMessage, call: CallContext): MethodReply | Promise<MethodReply> {
  const { path = "", interface: of, member = "", signature: given = "" } = message.header;
  const node = find(path, call.supervisor);
  const own = node && findMethod(node.interfaces, of, member);
  const method = own ?? (node || of === PEER ? findMethod(COMMON, of, member) : undefined);
  if (method) {
    if (given !== signature(method.in)) throw invalidArguments(`${member} method`);
    const target = (own ? node!.target : node) as never;
    permit(method.restricted, target, call);
    const reply = (values: unknown[] | void): MethodReply => ({
      signature: signature(method.out),
      body: values ?? [],
    });
    return follow(method.run(target, message.body(), call), reply);
  }
  throw new ReplyError(
    `${DBUS_ERROR_PREFIX}UnknownMethod`,
    `Method "${member}" with signature "${given}" on interface "${of ?? "(null)"}" doesn't exist\n`,
  );
}

/**
 * The reply to a call that has made a request, when that is done.
 *
 * @param instance The name of the instance that the request was about.
 */
export function requestReply({ header }: ReceivedMessage, instance: string): MethodReply {
  const names = parsePath(header.path ?? "");
  const isJob = names !== undefined && names.instance === undefined;
  const method = isJob ? findMethod(JOB_INTERFACES, header.interface, header.member ?? "") : undefined;
  const reply = signature(method?.out);
  return { signature: reply, body: reply === "" ? [] : [instancePath(names!.job, instance)] };
}

/** The methods that tell how things are. Requests are not among them, nor what has no answer. */
const READS = new Set(
  [MANAGER, ROUSE, INSIGHT, JOB, INSTANCE, ...COMMON].flatMap(({ methods }) =>
    Object.entries(methods).filter(([, { out, asynchronous }]) => out && !asynchronous).map(([name]) => name)
  ),
);

/** True for a call whose answer tells how jobs are. */
export function isRead({ header: { member = "" } }: ReceivedMessage): boolean {
  return READS.has(member);
}

/** The first method of a name, of the interface asked for if one is. */
function findMethod(
  interfaces: ReadonlyArray<Interface<never>>,
  of: string | undefined,
  member: string,
): Method<never> | undefined {
  for (const { name, methods } of interfaces) {
    if ((of === undefined || of === name) && Object.hasOwn(methods, member)) return methods[member];
  }
  return undefined;
}

/** Errors that are D-Bus's own; the others are Upstart's. */
const DBUS_ERRORS: Partial<Record<ErrorName, string>> = {
  Failed: "Failed",
  InvalidArgs: "InvalidArgs",
  NotSupported: "NotSupported",
  UnknownParameter: "InvalidArgs",
};

/** An error as the caller sees it. Undefined for one that is an exception of our own. */
export function replyError(error: unknown): ReplyError | undefined {
  if (error instanceof ReplyError) return error;
  if (error instanceof ControlError) {
    const own = DBUS_ERRORS[error.errorName];
    return new ReplyError(own ? DBUS_ERROR_PREFIX + own : ERROR_PREFIX + error.errorName, error.message);
  }
  if (error instanceof RequestFailure) return replyError(new ControlError(error.failure, error.message));
  return undefined;
}
