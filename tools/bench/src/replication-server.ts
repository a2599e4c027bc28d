// The process of one host of bench:replication: starts the host with a data directory as told by its parent, and carries out the parent's orders,
// with the processor time of the whole process beside each. It ends with its parent.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { makeAddress, type Typed } from '@chordial/actor';
import type { Contact } from '@chordial/membership';
import { type Host, type HostIdentity, startHost } from '@chordial/runtime';
import { type HostConfig, storeLaneOf } from 'chordial/layout';
import { type LoadRun, loadAt, type RunLoad } from './replication-load.ts';

export interface ServerOrder {
  /** 0: a host that is alone, without links. */
  readonly host: number;
  readonly peersCount: number;
  readonly folder: string;
  readonly sipPort: number;
  readonly founds: boolean;
  readonly ring:
    | { readonly identity: HostIdentity; readonly port: number; readonly seeds: readonly Contact[] }
    | undefined;
}
export type Order =
  | { readonly type: 'start'; readonly order: ServerOrder }
  | { readonly type: 'state' }
  | { readonly type: 'load'; readonly load: RunLoad };

export interface RingState {
  readonly membersCount: number;
  readonly ownCount: number;
  readonly hostsCount: number;
  /** Ranges of its peers, and those that are being taken over, given away or compared. */
  readonly rangesCount: number;
  readonly unsettledCount: number;
  /** Of the records' database: the file, and its write-ahead log. */
  readonly fileBytes: number;
  readonly logBytes: number;
  readonly residentBytes: number;
}
export interface LoadFigures extends LoadRun {
  readonly cpuUs: number;
  /** Reads and writes that the store did meanwhile, and the groups in which it did them. */
  readonly storeJobs: number;
  readonly storeGroups: number;
}
export type Answer =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly sentence: string }
  | { readonly type: 'state'; readonly state: RingState }
  | { readonly type: 'load'; readonly figures: LoadFigures };

const ringName = 'bench';
const token = 'a token for a benchmark';
const address = '127.0.0.1';

let running: { readonly host: Host; readonly order: ServerOrder; readonly config: HostConfig } | undefined;
let news = { membersCount: 0, ownCount: 0, hostsCount: 0 };

const configOf = ({ peersCount, folder, sipPort, founds, ring }: ServerOrder): HostConfig => ({
  domains: ['example.com'],
  aliases: [],
  listen: { address, port: sipPort },
  shared: false,
  peersCount,
  lanesCount: 1,
  routing: 'one-hop',
  usersMax: 1_000_000,
  secret: 1,
  ringName,
  isKept: true,
  store: { kind: 'sqlite', file: join(folder, 'records.sqlite'), ballotsFile: join(folder, 'ballots.sqlite') },
  ...(founds ? { foundedAt: Date.now(), isAlone: ring === undefined } : {}),
  ...(ring === undefined
    ? {}
    : { ring: { address, port: ring.port, fingerprint: ring.identity.fingerprint, seeds: ring.seeds } }),
});

async function start(order: ServerOrder): Promise<Answer> {
  const config = configOf(order);
  const host = await startHost({
    program: new URL('./replication-program.ts', import.meta.url).href,
    config,
    lanesCount: storeLaneOf(config) + 1,
    host: order.host,
    directory: order.folder,
    ...(order.ring === undefined
      ? {}
      : { ring: { ringName, token, identity: order.ring.identity, listen: { address, port: order.ring.port } } }),
    onReport: (lane, message) => {
      if (message.type === 'ring-news' && lane === 0) news = message as unknown as typeof news;
      if (message.type === 'storage-news' || message.type === 'host-news')
        console.error((message as unknown as { sentence: string }).sentence);
    },
    onEvent: ({ kind, sentence }) => kind !== 'lane-up' && console.error(sentence),
  });
  running = { host, order, config };
  return { type: 'done' };
}

async function ask<Reply>(index: number, message: Typed, timeoutMs: number): Promise<Reply> {
  const { host, order } = running!;
  return (await host.ask(0, makeAddress<Typed>(order.host, 0, index), message, timeoutMs)) as unknown as Reply;
}

async function state(): Promise<Answer> {
  const { membersCount, ownCount, hostsCount } = news;
  const of = await figuresNamed('coordinator');
  const unsettledCount = (of.unsettled ?? 0) + (of.drifting ?? 0) + (of.handings ?? 0);
  const said = { membersCount, ownCount, hostsCount, rangesCount: of.ranges ?? 0, unsettledCount };
  const file = join(running!.order.folder, 'records.sqlite');
  const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const residentBytes = process.memoryUsage.rss();
  const state = { ...said, fileBytes: bytesOf(file), logBytes: bytesOf(`${file}-wal`), residentBytes };
  return { type: 'state', state };
}

/** What behaviours of one name show of themselves. */
async function figuresNamed(name: string): Promise<Readonly<Record<string, number>>> {
  const sums: Record<string, number> = {};
  for (const { totals } of await running!.host.inspect(30_000)) {
    for (const [field, count] of Object.entries(totals[name] ?? {})) sums[field] = (sums[field] ?? 0) + count;
  }
  return sums;
}

async function load(order: RunLoad): Promise<Answer> {
  const storeBefore = await figuresNamed('store');
  const before = process.cpuUsage();
  const run = await ask<LoadRun>(loadAt, order, (order.seconds === 0 ? 3_600 : order.seconds + 60) * 1_000);
  const { user, system } = process.cpuUsage(before);
  const cpuUs = user + system;
  const store = await figuresNamed('store');
  const storeJobs = store.jobs! - storeBefore.jobs!;
  const storeGroups = store.commits! - storeBefore.commits!;
  return { type: 'load', figures: { ...run, cpuUs, storeJobs, storeGroups } };
}

async function carryOut(order: Order): Promise<Answer> {
  switch (order.type) {
    case 'start':
      return start(order.order);
    case 'state':
      return state();
    case 'load':
      return load(order.load);
    default:
      return order satisfies never;
  }
}

process.on('message', (order: Order) => {
  carryOut(order).then(
    (answer) => process.send!(answer),
    (failure: Error) => process.send!({ type: 'failed', sentence: failure.message } satisfies Answer),
  );
});
process.on('disconnect', () => {
  void (running?.host.stop() ?? Promise.resolve()).finally(() => process.exit());
});
