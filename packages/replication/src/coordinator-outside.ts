// What a coordinator takes from whom, and in which form. Other hosts may be of another version, or lie: what comes from them has all fields that are read
// here, each of its type, or is not heeded. What rules over ranges comes from the own host alone, and answers from the host that they speak for.
import { type Address, nobody, type Received } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
import { isInRing } from './coordinator-ring.ts';
import type { CoordinatorState } from './coordinator-state.ts';
import type { CoordinatorMessage } from './protocol.ts';
import { isAddress, isKey, isText, isWhole } from './shapes.ts';

/**
 * Whether a message may be acted on. The rest of a question is looked at where it is served, and refused with a sentence; answers of acceptors are
 * looked at on their way to a register. Written out, as each request and each answer comes by here.
 */
export function isHeeded({ config, ring }: CoordinatorState, { message, from }: Received<CoordinatorMessage>): boolean {
  switch (message.type) {
    case 'get-record':
    case 'put-record':
    case 'delete-record':
    case 'change-ordered':
    case 'list-repair':
      return isAddress(message.replyTo) && isWhole(message.correlation);
    case 'copy-stored':
      return typeof message.version === 'string' && isOf(from, message.host);
    case 'copy-fetched':
      return isOf(from, message.host);
    case 'copy-refused':
      return isText(message.code) && isText(message.sentence) && isOf(from, message.host);
    // Timers and the shell have no address, and no words by which these could come from elsewhere.
    case 'copy-due':
    case 'repair-due':
    case 'ballot-due':
    case 'message-refused':
      return (from as number) === nobody || isOf(from, config.host);
    case 'range-changed':
    case 'pointers-read':
    case 'ring-changed':
    case 'hand-range':
    case 'range-repaired':
      return isOf(from, config.host);
    // Whoever believes it reads without asking others.
    case 'range-given':
      if (!isKey(message.from) || !isKey(message.to) || (from as number) === nobody) return false;
      return hostOf(from) === config.host || isInRing(ring, hostOf(from));
    default:
      return true;
  }
}

const isOf = (from: Address<never>, host: number): boolean => (from as number) !== nobody && hostOf(from) === host;
