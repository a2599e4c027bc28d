// Where a response goes, and what the topmost Via learns about its sender (RFC 3261 18.2.1 and 18.2.2, RFC 3581 4). Over UDP
// a response goes to the source address of its request: to the source port when the client asked by `rport`, else to the
// port of the sent-by. `maddr` is not obeyed: it would let anyone aim our responses at a third address.
import type { Peek } from '@chordial/sip-parser';
import type { Flow } from './protocol.ts';

/** RFC 3261 18.2.2: "or 5060 if no port is specified". */
const SIP_PORT = 5060;

/** The flow that the response to `peek` takes; `flow` itself when that is the way back. */
export function responseFlow(peek: Peek, flow: Flow): Flow {
  if (peek.via.rportNameEnd >= 0) return flow;
  const port = peek.via.port === 0 ? SIP_PORT : peek.via.port;
  if (port === flow.port) return flow;
  const { address, edge } = flow;
  return edge === undefined ? { transport: 'udp', address, port } : { transport: 'udp', address, port, edge };
}

/**
 * The value of `received`, or undefined where none is due. RFC 3261 18.2.1: "If the host portion of the "sent-by" parameter
 * contains a domain name, or if it contains an IP address that differs from the packet source address, the server MUST
 * add"; RFC 3581 4: with `rport` it MUST be added even if they are equal.
 */
export function receivedOf(peek: Peek, flow: Flow): string | undefined {
  const { address } = flow;
  if (peek.via.rportNameEnd < 0 && sentByIs(peek, address)) return undefined;
  // A zone index (`fe80::1%eth0`) means nothing to anyone else and is not in the grammar.
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}

function sentByIs(peek: Peek, address: string): boolean {
  const { bytes, via } = peek;
  const bracket = bytes[via.hostStart] === 91 ? 1 : 0;
  const start = via.hostStart + bracket;
  if (via.hostEnd - bracket - start !== address.length) return false;
  for (let i = 0; i < address.length; i++) if (bytes[start + i] !== address.charCodeAt(i)) return false;
  return true;
}
