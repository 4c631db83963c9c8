/**
 * The interface of a message bus, as far as clients need it that take every address for one (`gdbus --address`): they
 * greet it, and ask for rules and owners of names. Calls go to init whatever name they are sent to.
 */

import { type Interface, ReplyError } from "./interface.ts";
import { BUS_NAME, DBUS_ERROR_PREFIX } from "../names.ts";

/** Where a bus has its object. */
export const BUS_PATH = "/org/freedesktop/DBus";

/** The unique name of init; clients get others. */
const OWNER = ":1.0";

let clients = 0;

/** The methods of `org.freedesktop.DBus` that make sense without a bus. */
export const BUS: Interface<null> = {
  name: "org.freedesktop.DBus",
  methods: {
    Hello: {
      out: "name:s",
      run(_, __, call) {
        call.setSignalSender(OWNER);
        return [`:1.${++clients}`];
      },
    },
    // Everybody gets all signals as it is.
    AddMatch: { in: "rule:s", run: () => {} },
    RemoveMatch: { in: "rule:s", run: () => {} },
    ListNames: { out: "names:as", run: () => [[BUS_NAME, OWNER]] },
    NameHasOwner: { in: "name:s", out: "has_owner:b", run: (_, [name]) => [isOurs(name)] },
    GetNameOwner: {
      in: "name:s",
      out: "unique_name:s",
      run(_, [name]) {
        if (isOurs(name)) return [OWNER];
        throw new ReplyError(`${DBUS_ERROR_PREFIX}NameHasNoOwner`, `Nobody has the name ${name}`);
      },
    },
  },
  properties: {},
  signals: {},
};

function isOurs(name: unknown): boolean {
  return name === BUS_NAME || name === OWNER;
}
