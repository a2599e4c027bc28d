// What a host is told: every option has a default and can be given in a file, in the environment, and on the command line,
// the later ones going first. A value that does not fit is reported with where it was read, what it was, and what was expected.
import { readFileSync } from 'node:fs';
import { isIP, SocketAddress } from 'node:net';
import { availableParallelism } from 'node:os';
import { z } from 'zod';

export const peersMax = 50_000;
export const lanesMax = 64;

/** A host name as DNS takes it: labels of letters, digits and inner hyphens. */
function isHostName(text: string): boolean {
  const isLabel = (label: string) =>
    /^[a-zA-Z0-9-]{1,63}$/.test(label) && !label.startsWith('-') && !label.endsWith('-');
  return text.length <= 253 && text.split('.').every(isLabel);
}

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

/** Where a program on this machine reaches what listens there: "any address" is none that can be called. */
export function reachable({ address, port }: Endpoint): Endpoint {
  if (address === '0.0.0.0') return { address: '127.0.0.1', port };
  const isAny = isIP(address) === 6 && domainText(address) === '[::]';
  return isAny ? { address: '::1', port } : { address, port };
}

const wholeNumber = (from: number, to: number, expected = `a whole number from ${from} to ${to}`) => {
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,9}$/, expected)
          .transform(Number),
      ],
      { error: expected },
    )
    .refine((value) => Number.isInteger(value) && value >= from && value <= to, expected);
};

/** A domain as it is compared: lower case, without the dot of the DNS root, IPv6 in brackets and in the spelling of RFC 5952. */
export function domainText(written: string): string {
  const address = written.startsWith('[') && written.endsWith(']') ? written.slice(1, -1) : written;
  if (isIP(address) === 6 && !address.includes('%'))
    return `[${new SocketAddress({ address, family: 'ipv6' }).address}]`;
  return (written.endsWith('.') ? written.slice(0, -1) : written).toLowerCase();
}

const isDomain = (domain: string): boolean =>
  isHostName(domain) ||
  (domain.startsWith('[') && domain.endsWith(']') && isIP(domain.slice(1, -1)) === 6 && !domain.includes('%'));

const domainNames = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',') : value),
  z
    .array(z.string().transform(domainText).refine(isDomain, 'a domain name, as in example.com'), {
      error: 'one or more domain names, separated by commas',
    })
    .min(1, 'at least one domain name')
    .max(64, 'at most 64 domain names')
    .transform((names) => [...new Set(names)]),
);

const listenEndpoint = z
  .string({ error: 'udp:ADDR:PORT, as in udp:127.0.0.1:5060' })
  .transform((text) => (text.startsWith('udp:') ? parseEndpoint(text.slice(4)) : undefined))
  .refine(
    (endpoint) => endpoint !== undefined,
    'udp:ADDR:PORT with an IP address, as in udp:127.0.0.1:5060 or udp:[::1]:5060',
  )
  .transform((endpoint) => endpoint as Endpoint);

const controlEndpoint = z
  .string({ error: 'ADDR:PORT or off' })
  .transform((text) => (text === 'off' ? ('off' as const) : parseEndpoint(text)))
  .refine((endpoint) => endpoint !== undefined, 'ADDR:PORT with an IP address, as in 127.0.0.1:8060, or off')
  .transform((endpoint) => endpoint as Endpoint | 'off');

const laneCount = z.preprocess(
  (value) => (value === 'auto' ? Math.min(availableParallelism(), lanesMax) : value),
  wholeNumber(1, lanesMax, `auto, or a whole number from 1 to ${lanesMax}`),
);

/** Name, check, default and help of each option; everything else is derived from this list. */
export const optionList = {
  domain: {
    check: domainNames,
    fallback: 'example.com',
    hint: 'NAME',
    help: 'domains served, separated by commas; the first names the users',
  },
  listen: {
    check: listenEndpoint,
    fallback: 'udp:127.0.0.1:5060',
    hint: 'udp:ADDR:PORT',
    help: 'where phones reach this host; [::] is IPv6 only, 0.0.0.0 IPv4 only',
  },
  peers: { check: wholeNumber(1, peersMax), fallback: '64', hint: 'N', help: 'peers of the ring that this host runs' },
  lanes: { check: laneCount, fallback: 'auto', hint: 'N', help: 'worker threads; auto: one per core' },
  control: {
    check: controlEndpoint,
    fallback: '127.0.0.1:8060',
    hint: 'ADDR:PORT',
    help: 'HTTP interface for operators, or off',
  },
  routing: {
    check: z.enum(['one-hop', 'fingers'], { error: 'one-hop or fingers' }),
    fallback: 'one-hop',
    hint: 'KIND',
    help: 'one-hop (all peers known) or fingers (log2 N hops)',
  },
  usersMax: {
    check: wholeNumber(1, 10_000_000),
    fallback: '1000000',
    hint: 'N',
    help: 'users with bindings that this host keeps; each peer takes its part of them',
  },
} as const;

export type OptionName = keyof typeof optionList;
export const optionNames = Object.keys(optionList) as OptionName[];
export type Options = { readonly [K in OptionName]: z.output<(typeof optionList)[K]['check']> };
export const environmentName = (name: OptionName): string =>
  `CHORDIAL_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
export const flagName = (name: OptionName): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** What is wrong with the configuration, one sentence per fault. */
export class ConfigurationFault extends Error {
  override readonly name = 'ConfigurationFault';
}

/** Command line, then environment, then file, then default. Throws `ConfigurationFault` naming every fault at once. */
export function readOptions(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): Options {
  const path = (flags.config as string | undefined) ?? environment.CHORDIAL_CONFIG;
  const file = path === undefined ? {} : readFile(path);
  const faults: string[] = Object.keys(file)
    .filter((name) => !(name in optionList))
    .map((name) => `${path}: '${name}' is not an option; expected one of ${optionNames.join(', ')}`);
  const read: Record<string, unknown> = {};
  for (const name of optionNames) {
    const sources: readonly (readonly [where: string, value: unknown])[] = [
      [`--${flagName(name)}`, flags[name]],
      [environmentName(name), environment[environmentName(name)]],
      [`${path}: ${name}`, file[name]],
      ['default', optionList[name].fallback],
    ];
    const [where, value] = sources.find(([, given]) => given !== undefined)!;
    const result = optionList[name].check.safeParse(value);
    if (result.success) read[name] = result.data;
    else
      faults.push(
        `${where}: read ${JSON.stringify(value)}, expected ${result.error.issues[0]?.message ?? optionList[name].help}`,
      );
  }
  if (faults.length > 0) throw new ConfigurationFault(faults.join('\n'));
  return read as Options;
}

function readFile(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationFault(
      `${path}: cannot be read (${(error as NodeJS.ErrnoException).code}); expected a JSON file`,
    );
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new SyntaxError('it holds no object');
  } catch (error) {
    throw new ConfigurationFault(`${path}: ${(error as Error).message}; expected a JSON object such as {"peers": 64}`);
  }
}
