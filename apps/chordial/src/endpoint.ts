// Addresses with ports, as options write them: `ADDR:PORT`, IPv6 in brackets; and domain names as they are compared.
import { isIP, SocketAddress } from 'node:net';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** `ADDR:PORT`, IPv6 in brackets; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const colon = text.lastIndexOf(':');
  const written = text.slice(0, colon);
  const address = written.startsWith('[') && written.endsWith(']') ? written.slice(1, -1) : written;
  const bracketed = address !== written;
  const digits = text.slice(colon + 1);
  if (colon < 0 || isIP(address) === 0 || bracketed !== (isIP(address) === 6)) return undefined;
  if (digits.length === 0 || digits.length > 5 || [...digits].some((digit) => digit < '0' || digit > '9'))
    return undefined;
  const port = Number(digits);
  return port <= 65_535 ? { address, port } : undefined;
}

export const endpointText = ({ address, port }: Endpoint): string =>
  isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;

/** "Any address" of a family: something listens there, but it cannot be called there. */
export const isAnyAddress = (address: string): boolean =>
  address === '0.0.0.0' || (isIP(address) === 6 && domainText(address) === '[::]');

export const isLoopback = (address: string): boolean =>
  (isIP(address) === 4 && address.startsWith('127.')) || (isIP(address) === 6 && domainText(address) === '[::1]');

/** Where a program on this machine reaches what listens there: "any address" is none that can be called. */
export function reachable({ address, port }: Endpoint): Endpoint {
  if (!isAnyAddress(address)) return { address, port };
  return { address: isIP(address) === 6 ? '::1' : '127.0.0.1', port };
}

/** A host name as DNS takes it: labels of letters, digits and inner hyphens. */
export function isHostName(text: string): boolean {
  const isLabel = (label: string) =>
    /^[a-zA-Z0-9-]{1,63}$/.test(label) && !label.startsWith('-') && !label.endsWith('-');
  return text.length <= 253 && text.split('.').every(isLabel);
}

/** A domain as it is compared: lower case, without the dot of the DNS root, IPv6 in brackets and in the spelling of RFC 5952. */
export function domainText(written: string): string {
  const address = written.startsWith('[') && written.endsWith(']') ? written.slice(1, -1) : written;
  if (isIP(address) === 6 && !address.includes('%'))
    return `[${new SocketAddress({ address, family: 'ipv6' }).address}]`;
  return (written.endsWith('.') ? written.slice(0, -1) : written).toLowerCase();
}
