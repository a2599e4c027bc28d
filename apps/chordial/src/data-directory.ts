// What a host keeps in its data directory beside what the membership keeps there itself (`membership`, by the disk port): its key,
// which is its name in the ring and a secret, and its number. Without a directory a host is a new one with every start.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { HostIdentity, RingHost } from '@chordial/runtime';
import { z } from 'zod';
import { StartFault } from './start-fault.ts';

const identityFile = 'identity.json';
const membershipFile = 'membership';
const onlyOwner = 0o600;
export const hostNumberMax = 65_535;

const keptIdentity = z.object({
  host: z.number().int().min(0).max(hostNumberMax),
  certificate: z.string().startsWith('-----BEGIN CERTIFICATE-----'),
  privateKey: z.string().startsWith('-----BEGIN PRIVATE KEY-----'),
  fingerprint: z.string().length(43),
});
const keptHost = z.object({
  host: z.number().int().min(1).max(hostNumberMax),
  address: z.string(),
  port: z.number().int().min(1).max(65_535),
  fingerprint: z.string(),
});

export interface KeptIdentity {
  readonly identity: HostIdentity;
  /** 0 when none was drawn yet. */
  readonly host: number;
}

/** Makes the directory; its absolute path. */
export function openDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartFault(
      `--data ${path}: the directory cannot be made (${(error as NodeJS.ErrnoException).code}); choose another one, or give this user the right to write there.`,
    );
  }
  return resolve(path);
}

/** Undefined on the first start. */
export function readIdentity(directory: string): KeptIdentity | undefined {
  const path = join(directory, identityFile);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new StartFault(`${path} cannot be read (${code}); it holds the key of this host.`);
  }
  const read = keptIdentity.safeParse(jsonOf(text));
  if (read.success) {
    const { host, ...identity } = read.data;
    return { identity, host };
  }
  throw new StartFault(
    `${path} is not what was written there. Bring it back from a backup, or remove the file: this host then starts as a new one.`,
  );
}

export function keepIdentity(directory: string, { identity, host }: KeptIdentity): void {
  const path = join(directory, identityFile);
  const fresh = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    const file = openSync(fresh, 'wx', onlyOwner);
    writeSync(file, `${JSON.stringify({ host, ...identity }, undefined, 2)}\n`);
    fsyncSync(file);
    closeSync(file);
    renameSync(fresh, path);
  } catch (error) {
    throw new StartFault(`${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** Hosts that this one knew in its last life; none where nothing usable was kept. */
export function readHostsKnown(directory: string): readonly RingHost[] {
  let text: string;
  try {
    text = readFileSync(join(directory, membershipFile), 'utf8');
  } catch {
    return [];
  }
  const { hosts } = (jsonOf(text) ?? {}) as { hosts?: unknown };
  if (!Array.isArray(hosts)) return [];
  return hosts.flatMap((each) => {
    const read = keptHost.safeParse(each);
    return read.success ? [read.data] : [];
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
