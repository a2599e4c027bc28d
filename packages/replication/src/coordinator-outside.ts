// What a coordinator takes from whom, and in which form. Other hosts may be of another version, or lie: what comes from them has all fields that are read
// here, each of its type, or is not heeded. What rules over ranges comes from the own host alone, and answers from the host that they speak for.
import { type Address, nobody, type Received } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
import { isInRing } from './coordinator-ring.ts';
import type { CoordinatorState } from './coordinator-state.ts';
import type { CoordinatorMessage } from './protocol.ts';
import { isAddress, isKey, isText, isWhole, type Shapes, strangeField } from './shapes.ts';

/** The rest of a question is looked at where it is served, and refused with a sentence. */
const question = { replyTo: isAddress, correlation: isWhole };
const shapes: Shapes = {
  'get-record': question,
  'put-record': question,
  'delete-record': question,
  'change-ordered': question,
  'list-repair': question,
  'copy-stored': { correlation: isWhole, host: isWhole, version: isText },
  'copy-fetched': { correlation: isWhole, host: isWhole },
  'copy-refused': { correlation: isWhole, host: isWhole, code: isText, sentence: isText },
  'range-given': { from: isKey, to: isKey },
};

/** Whether a message may be acted on. Answers of acceptors are looked at on their way to a register. */
export function isHeeded(state: CoordinatorState, { message, from }: Received<CoordinatorMessage>): boolean {
  return maySay(state, from, message) && strangeField(shapes, message) === '';
}

function maySay({ config, ring }: CoordinatorState, from: Address<never>, message: CoordinatorMessage): boolean {
  switch (message.type) {
    // Timers and the shell have no address, and no words by which these could come from elsewhere.
    case 'copy-due':
    case 'repair-due':
    case 'ballot-due':
    case 'message-refused':
      return (from as number) === nobody || isOwn(from, config.host);
    case 'range-changed':
    case 'pointers-read':
    case 'ring-changed':
    case 'hand-range':
    case 'range-repaired':
      return isOwn(from, config.host);
    // Whoever believes it reads without asking others.
    case 'range-given':
      return isOwn(from, config.host) || ((from as number) !== nobody && isInRing(ring, hostOf(from)));
    case 'copy-stored':
    case 'copy-fetched':
    case 'copy-refused':
      return (from as number) !== nobody && hostOf(from) === message.host;
    default:
      return true;
  }
}

const isOwn = (from: Address<never>, host: number): boolean => (from as number) !== nobody && hostOf(from) === host;
