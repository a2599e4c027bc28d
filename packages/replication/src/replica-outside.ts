// What a replica takes from whom, and in which form. Other hosts may be of another version, or lie: what comes from them has all fields that are read
// here, each of its type, or it is refused. Some words are for the own host alone, as whoever says them would rule over its store.
import type { Address, Outbox } from '@chordial/actor';
import { nobody } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
import type { ReplicaMessage } from './protocol.ts';
import { refuseReplica } from './replica-reading.ts';
import type { ReplicaState } from './replica-state.ts';
import {
  isAddress,
  isHost,
  isKey,
  isList,
  isNumber,
  isRecordName,
  isTable,
  isText,
  isWhole,
  listOf,
  type Shapes,
  strangeField,
  tupleOf,
} from './shapes.ts';

const isPiece = tupleOf(isKey, isKey, isNumber, isNumber, isWhole);
const isListing = tupleOf(isKey, isKey, listOf(tupleOf(isTable, isKey, isText)));
/** Of one answer: 16 pieces cut in 16, and the rests of listings. */
const piecesAnsweredMax = 512;

/** Of a question, whoever asks wants to hear of a fault. Records are looked at one by one where they are kept. */
const question = { replyTo: isAddress, correlation: isWhole };
const shapes: Shapes = {
  'store-copy': { ...question, hintFor: isHost },
  'fetch-copy': { ...question, table: isTable, key: isKey },
  'repair-range': { ...question, from: isText, to: isText, hosts: listOf(isHost) },
  'compare-pieces': { ...question, session: isNumber, pieces: listOf(isPiece) },
  'fetch-copies': { ...question, names: listOf(isRecordName) },
  'store-copies': { ...question, records: isList },
  'list-repair': question,
  'pieces-compared': { correlation: isWhole, pieces: listOf(isPiece, piecesAnsweredMax), listings: listOf(isListing) },
  'copies-fetched': { correlation: isWhole, records: isList },
  'copies-stored': { correlation: isWhole, pauseMs: isNumber, trouble: isText, skippedCount: isWhole },
  'copy-fetched': { correlation: isWhole },
  'copy-refused': { correlation: isWhole, code: isText, sentence: isText },
};

/** What others may say. All else comes from the own store, the own membership, the own coordinators, or the shell. */
const ofOthers: ReadonlySet<string> = new Set([
  ...Object.keys(shapes).filter((type) => type !== 'repair-range'),
  'copy-stored',
  'prepare-ballot',
  'accept-ballot',
  'learn-roster',
  'list-ballots',
]);
/** Timers and the shell have no address. */
const ofNobody: ReadonlySet<string> = new Set(['repair-due', 'ballot-due', 'message-refused']);

export function maySay(from: Address<never>, self: Address<never>, type: string): boolean {
  if (hostOf(from) === hostOf(self) || ofOthers.has(type)) return true;
  return (from as number) === nobody && ofNobody.has(type);
}

/** Whether a message may be acted on; a question that may not is answered. */
export function isTaken(state: ReplicaState, from: Address<never>, message: ReplicaMessage, out: Outbox): boolean {
  if (maySay(from, state.self, message.type)) {
    const fault = strangeField(shapes, message);
    if (fault === '') return true;
    const { replyTo, correlation } = message as never;
    if (isAddress(replyTo) && isWhole(correlation)) {
      const sentence = `${fault} of ${message.type} is not what it should be: run one version of the program on all hosts`;
      refuseReplica(state, { replyTo, correlation }, 'invalid', sentence, out);
    }
  }
  state.counts.strangeCount++;
  return false;
}
