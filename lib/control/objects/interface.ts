/**
 * Tables of D-Bus interfaces: their methods, properties and signals, and the functions behind them. Dispatch,
 * introspection and access to properties all go by these tables.
 */

import type { Request } from "../../model/requests.ts";
import type { Peer, Supervisor } from "../supervisor.ts";

/** An error as it goes to the caller: D-Bus's name of it, and a sentence. */
export class ReplyError extends Error {
  constructor(readonly errorName: string, message: string) {
    super(message);
  }
}

/** The surroundings of a call, for methods and properties. */
export interface CallContext {
  readonly supervisor: Supervisor;
  readonly peer: Peer;
  /** Makes the caller's request, see {@link Supervisor.request}: one at most, and before anything is waited for. */
  request(what: Request): string | Promise<string>;
  /** True when init is process 1. */
  readonly firstProcess: boolean;
  /** Stops the sending of signals to the caller. */
  silence(): void;
  /** Calls a function once the caller is gone, unless the function returned was called before. */
  onGone(listener: () => void): () => void;
  /** Does work for the caller that comes without a call, soon: that for callers without rights waits for its turn. */
  later(work: () => void): void;
  /** Sets the sender of signals to the caller, which those from a bus bear. */
  setSignalSender(sender: string): void;
}

/** A method. Arguments are written `NAME:TYPE`, separated by blanks. */
export interface Method<Target> {
  in?: string;
  out?: string;
  /**
   * Ends "You do not have permission to …" for callers who may not call it; absent for what everybody may,
   * who may connect at all.
   */
  restricted?: string | ((target: Target) => string);
  /** True when the reply may be long in coming. */
  asynchronous?: boolean;
  /** Gives the values of `out`. @throws {ControlError} */
  run(target: Target, values: unknown[], call: CallContext): unknown[] | void | Promise<unknown[] | void>;
}

/** A property; one without `set` cannot be written. */
export interface Property<Target> {
  type: string;
  get(target: Target, call: CallContext): unknown;
  /** See {@link Method.restricted}. */
  restricted?: string;
  set?(target: Target, value: unknown, call: CallContext): void;
}

/** An interface of objects of one kind. */
export interface Interface<Target> {
  name: string;
  methods: Record<string, Method<Target>>;
  properties: Record<string, Property<Target>>;
  /** Signals' arguments, as in {@link Method}. */
  signals: Record<string, string>;
}

const signatures = new Map<string, string>();

/** The types of a list of arguments, e.g. `asb`. The lists are those of the tables, so there are few. */
export function signature(list: string | undefined): string {
  if (list === undefined) return "";
  let types = signatures.get(list);
  if (types === undefined) {
    types = list.split(" ").map((one) => one.slice(one.indexOf(":") + 1)).join("");
    signatures.set(list, types);
  }
  return types;
}

const ASYNCHRONOUS = `<annotation name="com.netsplit.Nih.Method.Async" value="true"/>`;

function args(list: string | undefined, direction: string): string {
  if (!list) return "";
  return list.split(" ").map((one) => {
    const [name, type] = one.split(":");
    return `<arg name="${name}" type="${type}"${direction}/>`;
  }).join("");
}

function describe(description: Interface<never>): string {
  const methods = Object.entries(description.methods).map(([name, method]) =>
    `<method name="${name}">${method.asynchronous ? ASYNCHRONOUS : ""}` +
    `${args(method.in, ' direction="in"')}${args(method.out, ' direction="out"')}</method>`
  );
  const signals = Object.entries(description.signals).map(([name, list]) =>
    `<signal name="${name}">${args(list, "")}</signal>`
  );
  const properties = Object.entries(description.properties).map(([name, { type, set }]) =>
    `<property name="${name}" type="${type}" access="${set ? "readwrite" : "read"}"/>`
  );
  const members = [...methods, ...signals, ...properties].map((member) => `    ${member}\n`).join("");
  return `  <interface name="${description.name}">\n${members}  </interface>\n`;
}

/** The XML that Introspect answers for an object of these interfaces with these children. */
export function introspection(interfaces: Array<Interface<never>>, children: string[]): string {
  const nodes = children.map((name) => `  <node name="${name}"/>\n`);
  return `<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n` +
    `"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">\n` +
    `<node>\n${interfaces.map(describe).join("")}${nodes.join("")}</node>\n`;
}
