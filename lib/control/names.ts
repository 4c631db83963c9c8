/** Names of the control protocol that the service and its clients share. */

import { Buffer } from "node:buffer";

/** The manager object's path, below which all others are. */
export const MANAGER_PATH = "/com/ubuntu/Upstart";

/** The path of the object that all jobs' are below. */
export const JOBS_PATH = `${MANAGER_PATH}/jobs`;

/** The name that Upstart has on a message bus. */
export const BUS_NAME = "com.ubuntu.Upstart";

export const MANAGER_INTERFACE = "com.ubuntu.Upstart0_6";
export const JOB_INTERFACE = "com.ubuntu.Upstart0_6.Job";
export const INSTANCE_INTERFACE = "com.ubuntu.Upstart0_6.Instance";

/** What rouse offers beyond Upstart, on the manager object. */
export const ROUSE_INTERFACE = "org.rouse.Control1";

/** What rouse tells of what has happened, on the manager object. */
export const INSIGHT_INTERFACE = "org.rouse.Insight1";

/** What rouse tells of a job beyond Upstart, on the job's object. */
export const ROUSE_JOB_INTERFACE = "org.rouse.Job1";

/** What rouse tells of an instance beyond Upstart, on the instance's object. */
export const ROUSE_INSTANCE_INTERFACE = "org.rouse.Instance1";

export const INTROSPECTABLE = "org.freedesktop.DBus.Introspectable";
export const PEER = "org.freedesktop.DBus.Peer";
export const PROPERTIES = "org.freedesktop.DBus.Properties";

/** Prefix of the names of Upstart's own errors. */
export const ERROR_PREFIX = `${MANAGER_INTERFACE}.Error.`;
/** Prefix of the names of D-Bus's errors. */
export const DBUS_ERROR_PREFIX = "org.freedesktop.DBus.Error.";

/** Where the system's init listens, as Upstart does. */
export const SYSTEM_ADDRESS = "unix:abstract=/com/ubuntu/upstart";

/** Where it listens as well, for those in another network namespace, who cannot reach the former. */
export const SYSTEM_FILE_ADDRESS = "unix:path=/run/rouse/control";

/** Where it listens to its own user alone: nobody else can crowd there. */
export const SYSTEM_PRIVATE_ADDRESS = "unix:path=/run/rouse/private";

/**
 * Where a system's init listens that can do so in neither of those places, the first one that it can: below
 * `$XDG_RUNTIME_DIR`, or in a directory of its user's own in /tmp.
 */
export function spareAddresses(
  { XDG_RUNTIME_DIR }: Record<string, string | undefined>,
  uid: number,
): string[] {
  const directories = XDG_RUNTIME_DIR ? [`${XDG_RUNTIME_DIR}/rouse`] : [];
  return [...directories, `/tmp/rouse-${uid}`].map((directory) => `unix:path=${directory}/control`);
}

/** A name as an element of an object path: what is no letter or digit becomes `_` and two hexadecimal digits. */
export function escapeName(name: string): string {
  if (name === "") return "_";
  if (/^[A-Za-z0-9]+$/.test(name)) return name;
  let escaped = "";
  for (const byte of Buffer.from(name)) {
    const character = String.fromCharCode(byte);
    escaped += /[A-Za-z0-9]/.test(character) ? character : `_${byte.toString(16).padStart(2, "0")}`;
  }
  return escaped;
}

/** The reverse of {@link escapeName}; undefined for what it never makes. */
export function unescapeName(element: string): string | undefined {
  if (element === "_") return "";
  if (!/^(?:[A-Za-z0-9]|_[0-9a-f]{2})+$/.test(element)) return undefined;
  if (!element.includes("_")) return element;
  const latin = element.replace(/_(..)/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  return Buffer.from(latin, "latin1").toString();
}

/** The object path of a job. */
export function jobPath(job: string): string {
  return `${JOBS_PATH}/${escapeName(job)}`;
}

/** The object path of a job's instance. */
export function instancePath(job: string, instance: string): string {
  return `${jobPath(job)}/${escapeName(instance)}`;
}

/** What an object path stands for: the job, and the instance when it has one more element. */
export function parsePath(path: string): { job: string; instance?: string } | undefined {
  if (!path.startsWith(`${JOBS_PATH}/`)) return undefined;
  const start = JOBS_PATH.length + 1;
  const slash = path.indexOf("/", start);
  const job = unescapeName(path.slice(start, slash < 0 ? undefined : slash));
  if (job === undefined) return undefined;
  if (slash < 0) return { job };
  const instance = unescapeName(path.slice(slash + 1));
  return instance === undefined ? undefined : { job, instance };
}

/**
 * The path of the socket, with a null character in front of an abstract name, for a D-Bus address (`unix:path=…` or
 * `unix:abstract=…`, the first of several separated by `;` that is one of these).
 *
 * @throws {Error} when there is none, in the words of libdbus where it has some.
 */
export function socketPath(address: string): string {
  if (address === "") throw new Error("Empty address ''");
  if (!address.includes(":")) throw new Error("Address does not contain a colon");
  for (const one of address.split(";")) {
    if (!one.startsWith("unix:")) continue;
    for (const entry of one.slice(5).split(",")) {
      const [key, value] = cut(entry, "=");
      if (value && key === "path") return unescapeValue(value);
      if (value && key === "abstract") return `\0${unescapeValue(value)}`;
    }
  }
  throw new Error(`${JSON.stringify(address)} is not an address of the form unix:path=… or unix:abstract=…`);
}

/** A text in two at the first such character, the second part without it; empty when there is none. */
function cut(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** The value of an entry of an address. What is not escaped as it should be stands for itself. */
function unescapeValue(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return value;
  }
}
