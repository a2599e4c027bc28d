// What must have come right when nothing has happened for a while: the ideal ring, owned exactly once, the same in every membership,
// and found by both routings.
import type { Address, Typed } from '@chordial/actor';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { type ChordPeerState, ownershipFault } from '@chordial/chord';
import type { SuccessorFound } from '@chordial/chord/protocol';
import type { LookupClientState } from './lookup-client.ts';
import { ownerByTable, randomKey } from './lookup-client.ts';
import type { RingWorld } from './ring-world.ts';

const lookupsCount = 24;
const quietConcern = 11;

/** Asks live peers in virtual time, so nothing else can be judged afterwards. */
export function quietFault(world: RingWorld, successorsCount: number): string | undefined {
  const members = world.members().toSorted((a, b) => (a.self.key < b.self.key ? -1 : 1));
  const away = world.peers().find(({ phase }) => phase === 'joining' || phase === 'leaving');
  if (away !== undefined) return `a peer of host ${away.self.host} is still ${away.phase} (${away.self.key})`;
  const doubtful = members.find(({ doubted }) => doubted);
  if (doubtful !== undefined) return `${doubtful.self.key} still doubts what it owns`;
  return (
    ownershipFault(members) ??
    listFault(members, successorsCount) ??
    membershipFault(world, members) ??
    lookupFault(world)
  );
}

/** Every successor list is what follows the peer, r members at least. */
function listFault(members: readonly ChordPeerState[], successorsCount: number): string | undefined {
  for (const [i, { self, successors }] of members.entries()) {
    const count = Math.min(successorsCount, members.length - 1);
    if (successors.length < count) return `${self.key} knows ${successors.length} successors, not ${count}`;
    const wrong = successors.findIndex(({ key, life }, step) => {
      const wanted = members[(i + 1 + step) % members.length]!.self;
      return key !== wanted.key || life !== wanted.life;
    });
    if (wrong >= 0) return `${self.key} has a wrong successor at ${wrong}: ${successors[wrong]!.key}`;
  }
  return undefined;
}

/** The table of every lane names exactly the live members. */
function membershipFault(world: RingWorld, members: readonly ChordPeerState[]): string | undefined {
  for (const { host, lane, members: table } of tablesOf(world)) {
    const where = `the membership of host ${host} lane ${lane}`;
    const missing = members.find(({ self }, i) => table[i]?.chord !== self.chord || table[i]?.life !== self.life);
    if (missing !== undefined) return `${where} has not ${missing.self.key} of host ${missing.self.host} at its place`;
    if (table.length !== members.length) return `${where} has ${table.length} members, not ${members.length}`;
  }
  return undefined;
}

interface ClientView extends LookupClientState {
  readonly lane: number;
}

/** The lookup client of every live lane: what its membership told it. */
export function tablesOf({ hosts }: RingWorld): ClientView[] {
  return hosts.flatMap(({ lanes }) =>
    lanes.flatMap((lane, index) =>
      lane?.phase !== 'up'
        ? []
        : [...lane.kernel.cells()]
            .filter(({ behaviour }) => behaviour.name === 'lookup-client')
            .map(({ state }) => ({ ...(state as LookupClientState), lane: index })),
    ),
  );
}

function lookupFault(world: RingWorld): string | undefined {
  const random = createRandom(world.simulation.seed * 16 + quietConcern);
  const clients = tablesOf(world);
  const entries = world.members().map(({ self }) => self);
  for (let i = 0; i < lookupsCount; i++) {
    const key = randomKey(random);
    const owner = world.ownerOf(key)!;
    const client = clients[nextBelow(random, clients.length)]!;
    const named = ownerByTable(client.members, key);
    if (named.chord !== owner.chord)
      return `the table of host ${client.host} names ${named.key} for ${key}, not ${owner.key}`;
    const entry = entries[nextBelow(random, entries.length)]!;
    const host = world.hosts[entry.host - 1]!;
    const question = { type: 'find-successor', key, hops: 0 } as never;
    const ask = (): SuccessorFound | undefined =>
      world.simulation.ask(host, entry.chord as unknown as Address<Typed>, question) as SuccessorFound | undefined;
    const found = ask();
    if (found === undefined) return `nobody answers who owns ${key}, asked at ${entry.key}`;
    if (found.owner.chord !== owner.chord) return `${entry.key} finds ${found.owner.key} for ${key}, not ${owner.key}`;
  }
  return undefined;
}
