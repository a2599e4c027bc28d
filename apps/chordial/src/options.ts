// What a host is told: every option has a default and can be given in a file, in the environment, and on the command line,
// the later ones going first. A value that does not fit is reported with where it was read, what it was, and what was expected.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { domainText, type Endpoint, isHostName, parseEndpoint } from './endpoint.ts';
import { ringFaults } from './ring-options.ts';
import { isTokenText, Secret } from './token.ts';

export const peersMax = 50_000;
export const lanesMax = 64;

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

const ringEndpoint = (none: 'off' | 'none') =>
  z
    .string({ error: `ADDR:PORT or ${none}` })
    .transform((text) => (text === none ? undefined : (parseEndpoint(text) ?? ('wrong' as const))))
    .refine((endpoint) => endpoint !== 'wrong', `ADDR:PORT with an IP address, as in 192.0.2.10:7060, or ${none}`)
    .transform((endpoint) => endpoint as Endpoint | undefined);

const joinEndpoints = z.preprocess(
  (value) => (value === 'none' ? [] : typeof value === 'string' ? value.split(',') : value),
  z
    .array(
      z
        .string()
        .transform(parseEndpoint)
        .refine(
          (endpoint) => endpoint !== undefined && endpoint.port > 0,
          'ADDR:PORT[,ADDR:PORT...] of hosts that are in the ring, as in 192.0.2.10:7060, or none',
        )
        .transform((endpoint) => endpoint as Endpoint),
      { error: 'ADDR:PORT[,ADDR:PORT...], or none' },
    )
    .max(64, 'at most 64 addresses'),
);

const secretToken = z
  .string({ error: 'the token as text' })
  .refine((text) => isTokenText(text), 'printable characters without spaces, as `chordial token` draws them')
  .transform((text) => (text === 'none' ? undefined : new Secret(text)));

const databaseUrl = z
  .string({ error: 'postgres://USER:PASSWORD@HOST:PORT/DATABASE' })
  .refine(
    // Without a host the query has one: the directory of a Unix socket.
    (text) =>
      text === 'none' || (/^postgres(?:ql)?:\/\//.test(text) && URL.canParse(text.replace('@/', '@localhost/'))),
    'postgres://USER:PASSWORD@HOST:PORT/DATABASE, or none',
  )
  .transform((text) => (text === 'none' ? undefined : new Secret(text)));

const path = z
  .string({ error: 'a path' })
  .min(1, 'a path')
  .refine((text) => !text.includes('\u0000'), 'a path')
  .transform((text) => (text === 'none' ? undefined : text));

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
  listenRing: {
    check: ringEndpoint('off'),
    fallback: 'off',
    hint: 'ADDR:PORT',
    help: 'where other hosts of the ring reach this one; off: this host is a ring of its own',
  },
  join: {
    check: joinEndpoints,
    fallback: 'none',
    hint: 'ADDR:PORT[,ADDR:PORT]',
    help: 'ring addresses of hosts to join, asked in turn until one answers; none: found a ring',
  },
  advertise: {
    check: ringEndpoint('none'),
    fallback: 'none',
    hint: 'ADDR:PORT',
    help: 'the ring address that other hosts are told, where it is not that of --listen-ring',
  },
  token: {
    check: secretToken,
    fallback: 'none',
    hint: 'TEXT',
    help: 'shared by the hosts of a ring; other users of this machine can read a command line, so rather --token-file',
  },
  tokenFile: { check: path, fallback: 'none', hint: 'FILE', help: 'file with the token; `chordial token` draws one' },
  ringName: {
    check: z
      .string({ error: 'a name' })
      .regex(/^[a-zA-Z0-9.-]{1,64}$/, 'a name of 1 to 64 letters, digits, dots and hyphens'),
    fallback: 'chordial',
    hint: 'NAME',
    help: 'name of the ring; hosts of another ring are refused',
  },
  data: {
    check: path,
    fallback: 'none',
    hint: 'DIR',
    help: 'directory for the records, the key and number of this host and for the hosts it knows; none: in memory, a new host with every start',
  },
  storage: {
    check: databaseUrl,
    fallback: 'none',
    hint: 'postgres://...',
    help: 'PostgreSQL database for the records instead of a file in --data; other users can read a command line, so rather CHORDIAL_STORAGE',
  },
} as const;

export type OptionName = keyof typeof optionList;
export const optionNames = Object.keys(optionList) as OptionName[];
/** As told; `token` is the one of `tokenFile` where that was given. */
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
  const where: Partial<Record<OptionName, string>> = {};
  for (const name of optionNames) {
    const sources: readonly (readonly [place: string, value: unknown])[] = [
      [`--${flagName(name)}`, flags[name]],
      [environmentName(name), environment[environmentName(name)]],
      [`${path}: ${name}`, file[name]],
      ['default', optionList[name].fallback],
    ];
    const [place, value] = sources.find(([, given]) => given !== undefined)!;
    const result = optionList[name].check.safeParse(value);
    where[name] = place;
    if (result.success) read[name] = result.data;
    else {
      const secret = { token: 'a token', storage: 'an address' }[name as string];
      const shown = secret === undefined ? JSON.stringify(value) : `${secret} of ${String(value).length} characters`;
      faults.push(`${place}: read ${shown}, expected ${result.error.issues[0]?.message ?? optionList[name].help}`);
    }
  }
  if (faults.length === 0) {
    const { token, faults: ofRing } = ringFaults(read as Options, where);
    read.token = token;
    faults.push(...ofRing);
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
  } catch (error) {
    // The message of the parser quotes the file, and the file may hold a token.
    const [place] = /line \d+ column \d+/.exec((error as Error).message) ?? [];
    const where = place === undefined ? '' : ` (${place})`;
    throw new ConfigurationFault(`${path}: is not JSON${where}; expected a JSON object such as {"peers": 64}`);
  }
  throw new ConfigurationFault(`${path}: holds no object; expected a JSON object such as {"peers": 64}`);
}
