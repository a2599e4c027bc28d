// Text forms of IP addresses between sockets and flows. A socket that serves IPv4 and IPv6 at once shows an IPv4 client as
// `::ffff:192.0.2.1`; SIP must see `192.0.2.1`, or `received` would name an address that the client never had.

const MAPPED = '::ffff:';

/** As a flow keeps it: lower case, no brackets, IPv4 as IPv4. Sockets give canonical IPv6 (RFC 5952) already. */
export function canonicalAddress(text: string): string {
  // Most packets come over IPv4, where nothing is to be done.
  if (text.indexOf(':') < 0) return text;
  const bare = text.charCodeAt(0) === 91 ? text.slice(1, -1) : text;
  const lower = bare.toLowerCase();
  return lower.startsWith(MAPPED) && lower.indexOf('.') > 0 ? lower.slice(MAPPED.length) : lower;
}

/** As the socket wants it: an IPv6 socket reaches an IPv4 address by its mapped form. */
export function socketAddress(address: string, socketIsIpv6: boolean): string {
  return socketIsIpv6 && address.indexOf(':') < 0 ? MAPPED + address : address;
}
