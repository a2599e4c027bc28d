// What `chordial get`, `put` and `delete` do: a record is asked of the owner of its name, wherever that is, and its copies of the hosts of its
// group. An answer that somebody else owns it by now is followed by another look-up.
import { makeAddress } from '@chordial/actor';
import type { LookedUp } from '@chordial/dispatcher/protocol';
import { defaultCoordinatorLimits, groupOf, type TableConfig } from '@chordial/replication';
import type { CopyAnswer, ReplicationAnswer } from '@chordial/replication/protocol';
import { type Asking, type Question, QuestionFault } from './asking.ts';
import { at } from './layout.ts';
import { tableNamed, tableNames } from './tables.ts';

export const nameCharactersMax = 512;
export const { valueCharactersMax } = defaultCoordinatorLimits;
/** Ten years. */
export const ttlSecondsMax = 315_360_000;

/** Who owns a record; its key is the hash of its name. */
export interface RecordOwner {
  readonly host: number;
  readonly lane: number;
  readonly key: string;
}
export interface RecordCopy {
  readonly host: number;
  /** `equal` to that of the owner's host; `none` is a host that has no copy, `silent` one that does not answer. */
  readonly state: 'equal' | 'different' | 'none' | 'silent' | 'refused';
  readonly version: string;
  /** Why it was refused. */
  readonly sentence: string;
}
export interface RecordShown {
  readonly table: string;
  readonly name: string;
  readonly key: string;
  readonly owner: RecordOwner;
  /** Several: versions that were written apart and that nobody has replaced yet. `ttlSeconds` is 0 for one that does not expire. */
  readonly siblings: readonly { readonly value: string; readonly ttlSeconds: number }[];
  /** Of a put that replaces what is shown. */
  readonly context: string;
  /** None in an ordered table, whose copies are states of a vote. */
  readonly copies: readonly RecordCopy[];
}
export interface RecordChanged {
  readonly table: string;
  readonly name: string;
  readonly key: string;
  readonly owner: RecordOwner;
  readonly context: string;
}
export interface RecordChange {
  readonly table: string;
  readonly name: string;
  /** Undefined: the record is removed. */
  readonly value: string | undefined;
  /** 0: does not expire. */
  readonly ttlSeconds: number;
  /** What is replaced, as `get` said it; undefined: whatever is there. Empty: nothing, or, in an ordered table, that there is none. */
  readonly context: string | undefined;
}

/** Longer than an operation of a coordinator may take. */
const operationMsMax = 4_000;
const copyMsMax = 1_500;
const triesMax = 4;
const pauseMs = 250;

export async function getRecord(asking: Asking, tableText: string, name: string): Promise<RecordShown> {
  const table = tableOf(tableText, name);
  const [owner, answer] = await askOwner(asking, name, { type: 'get-record', table: table.table });
  if (answer.type !== 'record-got') throw new Error(unexpected(answer));
  const { siblings, context } = answer;
  const copies = table.isOrdered ? [] : await copiesOf(asking, table, owner);
  const seconds = (ms: number): number => Math.ceil(ms / 1_000);
  return {
    table: table.name,
    name,
    key: owner.key,
    owner: shownOwner(owner),
    siblings: siblings.map(([value, ttlLeftMs]) => ({ value, ttlSeconds: seconds(ttlLeftMs) })),
    context,
    copies,
  };
}

export async function changeRecord(asking: Asking, change: RecordChange): Promise<RecordChanged> {
  const { name, value, ttlSeconds } = change;
  const table = tableOf(change.table, name);
  if (table.name === 'bindings') {
    throw new QuestionFault('bindings are written by REGISTER; put and delete are for the tables records and ordered');
  }
  if (value !== undefined && value.length > valueCharactersMax)
    throw new QuestionFault(`the value has ${value.length} characters; at most ${valueCharactersMax} are kept`);
  if (!(ttlSeconds >= 0 && ttlSeconds <= ttlSecondsMax))
    throw new QuestionFault(`--ttl: expected seconds up to ${ttlSecondsMax}, or 0 for a record that does not expire`);
  const context = change.context ?? (await getContext(asking, table, name));
  const ttlMs = ttlSeconds * 1_000;
  const message = table.isOrdered
    ? { type: 'change-ordered', table: table.table, expected: context, value, ttlMs }
    : value === undefined
      ? { type: 'delete-record', table: table.table, context }
      : { type: 'put-record', table: table.table, context, value, ttlMs };
  const [owner, answer] = await askOwner(asking, name, message);
  if (answer.type !== 'record-put') throw new Error(unexpected(answer));
  return { table: table.name, name, key: owner.key, owner: shownOwner(owner), context: answer.context };
}

async function getContext(asking: Asking, table: TableConfig, name: string): Promise<string> {
  const [, answer] = await askOwner(asking, name, { type: 'get-record', table: table.table });
  if (answer.type !== 'record-got') throw new Error(unexpected(answer));
  return answer.context;
}

function tableOf(text: string, name: string): TableConfig {
  const table = tableNamed(text);
  if (table === undefined) throw new QuestionFault(`read table '${text}', expected one of ${tableNames.join(', ')}`);
  if (name === '' || name.length > nameCharactersMax)
    throw new QuestionFault(`expected the name of a record, 1 to ${nameCharactersMax} characters`);
  return table;
}

/** Of the owner at that moment: while ranges move, the first one asked may have lost it already. A write is not repeated when it may have happened. */
async function askOwner(asking: Asking, name: string, asked: Question): Promise<[LookedUp, ReplicationAnswer]> {
  for (let tries = 1; ; tries++) {
    const owner = await asking.ownerOf(name);
    const to = makeAddress<never>(owner.owner.host, owner.owner.lane, at.coordinator);
    const message = { ...asked, key: owner.key, name };
    const answer = await asking.ask<ReplicationAnswer>(to, message, operationMsMax);
    const isElsewhere = answer.type === 'record-refused' && (answer.reason === 'not-owner' || answer.reason === 'busy');
    if (!isElsewhere || tries >= triesMax) return [owner, answer];
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

const advice: Readonly<Record<string, string>> = {
  'not-owner': 'The ring is changing: ask again in a second.',
  'too-few-copies':
    'Look at `chordial ring` for hosts that are away, and ask again; a change may have been made or not.',
  mismatch: 'Nothing was changed: get the record and try again with its context.',
  storage: 'Look at `chordial repair --status` of that host.',
  busy: 'Ask again in a second.',
};

function unexpected(answer: ReplicationAnswer): string {
  if (answer.type !== 'record-refused') return 'the host answered in a way that this version does not know';
  const { reason, sentence } = answer;
  return `${sentence}. ${advice[reason] ?? ''}`.trim();
}

const shownOwner = ({ owner: { host, lane, key } }: LookedUp): RecordOwner => ({ host, lane, key });

/** Asks the replica of each host of the group; the owner's is the measure. */
async function copiesOf(asking: Asking, { table, n }: TableConfig, { key, owner }: LookedUp): Promise<RecordCopy[]> {
  const { members } = await asking.tellRing();
  const hosts = members.length === 0 ? [owner.host] : groupOf(members, key, n);
  const copies = await Promise.all(
    hosts.map(async (host): Promise<RecordCopy> => {
      const to = makeAddress<never>(host, 0, at.replica);
      try {
        const answer = await asking.ask<CopyAnswer>(to, { type: 'fetch-copy', table, key }, copyMsMax);
        if (answer.type !== 'copy-fetched') {
          const sentence = answer.type === 'copy-refused' ? answer.sentence : '';
          return { host, state: 'refused', version: '', sentence };
        }
        return { host, state: answer.version === '' ? 'none' : 'equal', version: answer.version, sentence: '' };
      } catch {
        return { host, state: 'silent', version: '', sentence: '' };
      }
    }),
  );
  const measure = copies.find(({ host }) => host === owner.host)?.version ?? copies[0]?.version;
  return copies.map((copy) =>
    copy.state === 'equal' && copy.version !== measure ? { ...copy, state: 'different' as const } : copy,
  );
}
