// What must have come right when nothing has happened for a while: one ring, groups that hold the same copies, no drift, no hints, and every record as
// its history says.
import type { Address, Typed } from '@chordial/actor';
import { makeAddress } from '@chordial/actor';
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import { ownershipFault } from '@chordial/chord';
import { groupOf } from '@chordial/replication';
import type { CopyAnswer, RepairListed, ReplicationAnswer } from '@chordial/replication/protocol';
import { checkHistory, compareAndSetRegister } from '@chordial/tool-linearizability';
import type { RecordClientState } from './record-client.ts';
import type { RecordHistory } from './record-history.ts';
import type { RecordWorld } from './record-world.ts';
import { at, coordinatorOf } from './replication-program.ts';

const quietConcern = 13;
const answerMsMax = 8_000;
const groupSize = 3;
const bulkAsked = 30;
const statesMax = 200_000;

interface Question {
  readonly host: number;
  readonly to: Address<never>;
  readonly message: object;
}

/** Asks live actors in virtual time, all at once, so nothing else can be judged afterwards. */
export function replicationFault(world: RecordWorld): string | undefined {
  const random = createRandom(world.simulation.seed * 16 + quietConcern);
  const records = [...world.records];
  for (let i = 0; i < bulkAsked && world.bulk.length > 0; i++)
    records.push(world.bulk[nextBelow(random, world.bulk.length)]!);
  return (
    ringFault(world) ??
    driftFault(world) ??
    copiesFault(world, records) ??
    recordsFault(world, records, random) ??
    orderedFault(world)
  );
}

interface ClientView extends RecordClientState {
  readonly lane: number;
}

function clientsOf({ ring }: RecordWorld): ClientView[] {
  return ring.hosts.flatMap(({ lanes }) =>
    lanes.flatMap((lane, index) =>
      lane?.phase !== 'up'
        ? []
        : [...lane.kernel.cells()]
            .filter(({ behaviour }) => behaviour.name === 'record-client')
            .map(({ state }) => ({ ...(state as RecordClientState), lane: index })),
    ),
  );
}

function ringFault(world: RecordWorld): string | undefined {
  const members = world.ring.members().toSorted((a, b) => (a.self.key < b.self.key ? -1 : 1));
  const away = world.ring.peers().find(({ phase }) => phase !== 'member' && phase !== 'left');
  if (away !== undefined) return `ring: a peer of host ${away.self.host} is still ${away.phase}`;
  const owned = ownershipFault(members);
  if (owned !== undefined) return `ring: ${owned}`;
  for (const { host, lane, members: table } of clientsOf(world)) {
    if (table.length === members.length && members.every(({ self }, i) => table[i]?.chord === self.chord)) continue;
    return `ring: lane ${lane} of host ${host} knows ${table.length} members, not the ${members.length} that there are`;
  }
  return undefined;
}

/** Answers in the order of the questions; undefined for whoever did not answer. */
function askAll(world: RecordWorld, questions: readonly Question[]): (Typed | undefined)[] {
  const answers: (Typed | undefined)[] = questions.map(() => undefined);
  let left = questions.length;
  questions.forEach(({ host, to, message }, i) => {
    const lane = world.ring.hosts[host - 1]?.lanes[0];
    lane?.gateway.ask(to as Address<Typed>, message as Typed, (answer) => {
      answers[i] = answer;
      left--;
    });
  });
  world.simulation.runUntil(() => left === 0, answerMsMax);
  return answers;
}

function driftFault(world: RecordWorld): string | undefined {
  const coordinators = clientsOf(world).map(({ host, lane }) => ({ host, lane }));
  const questions = [
    ...coordinators.map(({ host, lane }) => ({
      host,
      to: coordinatorOf(host, lane) as Address<never>,
      message: { type: 'list-repair' },
    })),
    ...[...new Set(coordinators.map(({ host }) => host))].map((host) => ({
      host,
      to: makeAddress<never>(host, 0, at.replica),
      message: { type: 'list-repair' },
    })),
  ];
  const answers = askAll(world, questions) as (RepairListed | undefined)[];
  const areAllThere = world.ring.hosts.every(({ number }) =>
    world.ring.members().some(({ self }) => self.host === number),
  );
  for (const [i, answer] of answers.entries()) {
    const { host } = questions[i]!;
    const who =
      i < coordinators.length
        ? `the coordinator of host ${host} lane ${coordinators[i]!.lane}`
        : `the replica of host ${host}`;
    if (answer === undefined) return `${who} does not answer`;
    if (answer.rangesDrifting > 0) return `${who} has ${answer.rangesDrifting} ranges that drift`;
    // One whose peers have all left is not in the ring, and may come back.
    if (answer.hintsCount > 0 && areAllThere) return `${who} has ${answer.hintsCount} hints yet`;
  }
  return undefined;
}

function copiesFault(world: RecordWorld, records: readonly RecordHistory[]): string | undefined {
  const members = world.ring
    .members()
    .map(({ self }) => self)
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const questions = records
    // What expires is gone here a moment before there.
    .filter(({ isShort }) => !isShort)
    .flatMap((record) =>
      groupOf(members, record.key, groupSize).map((host) => ({
        record,
        host,
        to: makeAddress<never>(host, 0, at.replica),
        message: { type: 'fetch-copy', table: record.table, key: record.key },
      })),
    );
  const answers = askAll(world, questions) as (CopyAnswer | undefined)[];
  const first = new Map<RecordHistory, { readonly host: number; readonly version: string; readonly value: string }>();
  for (const [i, { record, host }] of questions.entries()) {
    const answer = answers[i];
    if (answer?.type !== 'copy-fetched') return `host ${host} has no copy of ${record.name} to give: ${told(answer)}`;
    const { version } = answer;
    const value = textsOf(answer.value);
    const other = first.get(record);
    if (other === undefined) first.set(record, { host, version, value });
    else if (other.version !== version || other.value !== value)
      return `${record.name} differs: host ${other.host} has ${other.version} ${other.value}, host ${host} has ${version} ${value}`;
  }
  return undefined;
}

function recordsFault(world: RecordWorld, records: readonly RecordHistory[], random: Random): string | undefined {
  const clients = clientsOf(world).filter(({ lane }) => lane === 0);
  const members = world.ring.members();
  if (clients.length === 0 || members.length === 0) return 'ring: nobody is there';
  const questions = records.map((record) => {
    const { table, key, name } = record;
    const owner = world.ring.ownerOf(key)!;
    const to = coordinatorOf(owner.host, owner.lane) as Address<never>;
    const { host } = clients[nextBelow(random, clients.length)]!;
    return { record, host, to, message: { type: 'get-record', table, key, name } };
  });
  const begunAt = world.simulation.now;
  const answers = askAll(world, questions) as (ReplicationAnswer | undefined)[];
  for (const [i, { record, host }] of questions.entries()) {
    const answer = answers[i];
    if (answer?.type !== 'record-got') return `asked at host ${host}, ${record.name} is not answered: ${told(answer)}`;
    const shown = record.read(answer.siblings);
    if (typeof shown === 'string') return shown;
    if (record.isShort && shown.length > 0) return `${record.name} has ${shown[0]!.value}, which has expired long ago`;
    const broken = record.fault(shown, begunAt, begunAt);
    if (broken !== undefined) return `after the quiet ${broken}`;
  }
  return undefined;
}

/** Registers are read once more, and their history must have an order. */
function orderedFault(world: RecordWorld): string | undefined {
  const { simulation, operations } = world;
  const questions = world.ordered.map(({ table, key, name }) => {
    const owner = world.ring.ownerOf(key)!;
    const to = coordinatorOf(owner.host, owner.lane) as Address<never>;
    return { host: owner.host, to, message: { type: 'get-record', table, key, name } };
  });
  const invokedAt = simulation.now;
  const answers = askAll(world, questions) as (ReplicationAnswer | undefined)[];
  for (const [i, { name }] of world.ordered.entries()) {
    const answer = answers[i];
    if (answer?.type !== 'record-got') {
      if (world.hasVoters) return `${name} is not answered: ${told(answer)}`;
      continue;
    }
    operations.push({
      client: 'the last reader',
      key: name,
      input: { kind: 'read' },
      invokedAt,
      completedAt: simulation.now,
      output: { outcome: 'ok', value: answer.siblings[0]?.[0] ?? null },
    });
  }
  const verdict = checkHistory(compareAndSetRegister(), operations, { statesMax });
  world.count(verdict.verdict);
  if (verdict.verdict !== 'not-linearizable') return undefined;
  return `the history of an ordered table has no order: ${JSON.stringify(verdict.problems[0])}`;
}

/** Of a copy's value, without the times left, which hosts tell by their own clocks. */
function textsOf(value: string): string {
  return value.startsWith('\u0001') ? value.slice(value.indexOf('|') + 1) : value;
}

const told = (answer: Typed | undefined): string => (answer === undefined ? 'no answer' : JSON.stringify(answer));
