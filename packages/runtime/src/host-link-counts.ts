// What a lane counts of its links to other hosts; all but the first two only grow.

export interface HostLinkCounts {
  /** Links that this lane opened and that are up. */
  linksUp: number;
  /** Links from other hosts that end at this lane. */
  linksIn: number;
  sent: number;
  received: number;
  /** Not sent (no route, link down, queue full, message too long) or not taken (no such lane, not for actors, relayed before). */
  refused: number;
  /** Waited for a link, or were on their way to its socket, when it broke. */
  lost: number;
  /** Passed on to a third host. */
  relayed: number;
  /** Records of a type that nobody here registered. */
  unknown: number;
  bytesSent: number;
  bytesReceived: number;
  /** Socket writes: all messages of a turn to one host leave in one. */
  writes: number;
}

export const createLinkCounts = (): HostLinkCounts => ({
  linksUp: 0,
  linksIn: 0,
  sent: 0,
  received: 0,
  refused: 0,
  lost: 0,
  relayed: 0,
  unknown: 0,
  bytesSent: 0,
  bytesReceived: 0,
  writes: 0,
});
