// Founding or joining, whom a host asks, and which number it takes.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostIdentity, RingHost } from '@chordial/runtime';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { endpointText, parseEndpoint } from './endpoint.ts';
import { type Ask, enter, numberOf, ringSecret } from './entrance.ts';
import { readOptions } from './options.ts';

const token = 'sesame-open-sesame-open';
const advertised = parseEndpoint('127.0.0.1:7060')!;
const optionsOf = (flags: Record<string, string> = {}) =>
  readOptions({ listenRing: '127.0.0.1:7060', token, ...flags }, {});
const hostAt = (host: number, port: number): RingHost => ({
  host,
  address: '127.0.0.1',
  port,
  fingerprint: `key-${host}`,
});
const refused = (code: string): Error => Object.assign(new Error(`${code} it was`), { code });

let asked: string[];
beforeEach(() => {
  asked = [];
  vi.useRealTimers();
});
/** Answers by port; whoever is not in the list does not answer. */
const answering =
  (answers: Readonly<Record<number, readonly RingHost[] | Error>>): Ask =>
  async (to) => {
    asked.push(endpointText(to));
    const answer = answers[to.port] ?? refused('ECONNREFUSED');
    if (answer instanceof Error) throw answer;
    return answer;
  };
const silent = (): void => {};

describe('how a host comes into the ring', () => {
  test('without a ring address it is host 0 of a ring of its own', async () => {
    const entrance = await enter(readOptions({}, {}), undefined, silent);
    expect(entrance).toEqual({ host: 0, founds: true, identity: undefined, seeds: [], directory: undefined });
  });

  test('with nobody to join it founds', async () => {
    const entrance = await enter(optionsOf(), advertised, silent, undefined, answering({}));
    expect(entrance).toMatchObject({ founds: true, seeds: [] });
    expect(entrance.host).toBeGreaterThan(0);
    expect(asked).toEqual([]);
  });

  test('a joiner asks in turn and takes a number that nobody has', async () => {
    const hosts = [hostAt(1, 7062), hostAt(2, 7063)];
    const join = '127.0.0.1:7061,127.0.0.1:7062';
    const entrance = await enter(optionsOf({ join }), advertised, silent, undefined, answering({ 7062: hosts }));
    expect(asked).toEqual(['127.0.0.1:7061', '127.0.0.1:7062']);
    expect(entrance).toMatchObject({ founds: false, seeds: hosts });
    expect([0, 1, 2]).not.toContain(entrance.host);
  });

  test('a joiner goes on asking, and says so', async () => {
    let tries = 0;
    const said: string[] = [];
    const ask: Ask = async () => {
      if (++tries < 2) throw refused('ECONNREFUSED');
      return [hostAt(1, 7061)];
    };
    const entrance = await enter(
      optionsOf({ join: '127.0.0.1:7061' }),
      advertised,
      (s) => said.push(s),
      undefined,
      ask,
    );
    expect(entrance.founds).toBe(false);
    expect(said).toEqual(['Waiting for a host of the ring since 0 s: ECONNREFUSED it was']);
  });

  test.each(['wrong-token', 'wrong-ring', 'wrong-version'])(
    '%s ends the start, as waiting does not help',
    async (code) => {
      const ask = answering({ 7061: refused(code) });
      await expect(enter(optionsOf({ join: '127.0.0.1:7061' }), advertised, silent, undefined, ask)).rejects.toThrow(
        `${code} it was`,
      );
    },
  );

  test('told to stop while it waits, it stops', async () => {
    const options = optionsOf({ join: '127.0.0.1:7061' });
    await expect(enter(options, advertised, silent, () => true, answering({}))).rejects.toThrow('stopped before');
  });

  test('the first of a list that all hosts share founds the ring if nobody is there', { timeout: 20_000 }, async () => {
    const join = '127.0.0.1:7060,127.0.0.1:7061';
    const entrance = await enter(optionsOf({ join }), advertised, silent, undefined, answering({}));
    expect(entrance.founds).toBe(true);
    expect(new Set(asked)).toEqual(new Set(['127.0.0.1:7061']));
    const there = answering({ 7061: [hostAt(1, 7061)] });
    expect((await enter(optionsOf({ join }), advertised, silent, undefined, there)).founds).toBe(false);
  });

  test('a founder that comes back joins the hosts it knew, with its key and its number', async () => {
    const data = mkdtempSync(join(tmpdir(), 'chordial-data-'));
    const first = await enter(optionsOf({ data }), advertised, silent, undefined, answering({}));
    expect(first.founds).toBe(true);
    writeFileSync(join(data, 'membership'), JSON.stringify({ hosts: [{ ...hostAt(1, 7061), phase: 'alive' }] }));
    const there = answering({
      7061: [hostAt(1, 7061), { ...hostAt(first.host, 7060), fingerprint: first.identity!.fingerprint }],
    });
    const second = await enter(optionsOf({ data }), advertised, silent, undefined, there);
    expect(second).toMatchObject({ founds: false, host: first.host, identity: first.identity });
    expect(second.seeds.map(({ host }) => host)).toEqual([1]);
  });
});

test('a number of an earlier life is kept unless somebody else has it', () => {
  const identity = { fingerprint: 'mine' } as HostIdentity;
  const others = [hostAt(5, 7061)];
  expect(numberOf(4, identity, others)).toBe(4);
  expect(numberOf(4, identity, [...others, { ...hostAt(4, 7060), fingerprint: 'mine' }])).toBe(4);
  expect([4, 5]).not.toContain(numberOf(4, identity, [...others, hostAt(4, 7060)]));
  const all = Array.from({ length: 65_534 }, (_, i) => hostAt(i + 1, 7_000));
  expect(numberOf(0, identity, all)).toBe(65_535);
});

test('the secret of To tags is one for all hosts of a ring', () => {
  expect(ringSecret(optionsOf())).toBe(ringSecret(optionsOf()));
  expect(ringSecret(optionsOf())).not.toBe(ringSecret(optionsOf({ token: `${token}.` })));
});
