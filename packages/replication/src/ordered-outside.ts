// The form of what proposers and acceptors say to each other: other hosts may be of another version, or lie. What does not have it is not acted on, and
// whoever asks is asked again by its timer.
import type { BallotAnswer, BallotRequest } from './ordered-protocol.ts';
import { checkedRoster } from './ordered-roster.ts';
import {
  type Check,
  isAddress,
  isKey,
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

const isTextOrNone: Check = (value) => value === undefined || typeof value === 'string';
const isNameOrNone: Check = (value) => value === undefined || isRecordName(value);
const isRosterOrNone: Check = (value) => value === undefined || checkedRoster(value) !== undefined;
const namesListedMax = 1_000;

const asked = { replyTo: isAddress, correlation: isWhole };
const answered = { correlation: isWhole, host: isWhole, store: isText };
const content = { context: isText, previous: isText, value: isTextOrNone, ttlMs: isNumber };
const shapes: Shapes = {
  // The rest is looked at one by one, and refused with a sentence.
  'prepare-ballot': asked,
  'accept-ballot': asked,
  'learn-roster': asked,
  'list-ballots': { ...asked, after: isNameOrNone },
  'ballot-promised': { ...answered, ...content, promised: isText, accepted: isText },
  'ballot-accepted': answered,
  'ballot-refused': { ...answered, code: isText, promised: isText, roster: isRosterOrNone, sentence: isText },
  'roster-learned': { ...answered, roster: isRosterOrNone },
  'ballots-listed': {
    ...answered,
    names: listOf(tupleOf(isTable, isKey, isText), namesListedMax),
    next: isNameOrNone,
  },
};

export const isBallotWord = (message: BallotRequest | BallotAnswer): boolean => strangeField(shapes, message) === '';
