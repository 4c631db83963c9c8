/** The error for bytes that are not D-Bus. */

/** The peer broke the protocol; nothing that follows can be understood, so the connection has to end. */
export class ProtocolError extends Error {}
