// The core of one peer of the ring: it says who owns a key, or hands the question to the nearest peer before the key that it
// knows (`find-successor`, recursive), and keeps its pointers true (`stabilization.ts`). Stoica et al. 2001, section 4, with
// the pointers of Zave, TSE 2017. A ring of one is a peer that precedes and succeeds itself and owns everything.
import { assert, type Birth, type Outbox, type Received } from '@chordial/actor';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { betweenRightClosed, keyBits } from '@chordial/ring-key';
import type { ChordPeerConfig, ChordPeerState } from './peer-state.ts';
import { closestPreceding, foundingPointers } from './pointers.ts';
import type { ChordMessage, FindSuccessor } from './protocol.ts';
import { onPointersRead, onPointersUnchanged, onReadPointers, onRectify, onStabiliseDue } from './stabilization.ts';

/** Each hop at least halves the way to the key's predecessor, so an honest question never travels further. */
const hopsMax = keyBits;
const stabiliseMsDefault = 1_000;

export function initChordPeer(config: ChordPeerConfig, birth: Birth<ChordMessage>, out: Outbox): ChordPeerState {
  const { self, founding } = config;
  const index = founding.table.indexOf(self.key);
  assert(index >= 0, 'a founding peer is one of the founding members');
  const random = createRandom(birth.seed);
  const state: ChordPeerState = {
    config,
    ...foundingPointers(founding, index),
    version: 1 + nextBelow(random, 2 ** 30),
    asked: undefined,
    correlation: 0,
    versionKnown: 0,
  };
  // The first tick falls anywhere within the period, so that the peers of a host never tick together.
  out.setTimer(nextBelow(random, stabiliseMsOf(config)), { type: 'stabilise-due' });
  tellRange(state, out);
  return state;
}

export function stepChordPeer(state: ChordPeerState, { message }: Received<ChordMessage>, out: Outbox): void {
  switch (message.type) {
    case 'find-successor':
      onFindSuccessor(state, message, out);
      break;
    case 'stabilise-due':
      out.setTimer(stabiliseMsOf(state.config), message);
      onStabiliseDue(state, out);
      break;
    case 'read-pointers':
      onReadPointers(state, message, out);
      break;
    case 'pointers-read':
      onPointersRead(state, message, out);
      break;
    case 'pointers-unchanged':
      onPointersUnchanged(state, message);
      break;
    case 'rectify':
      if (onRectify(state, message)) tellRange(state, out);
      break;
    default:
      message satisfies never;
  }
}

function onFindSuccessor(state: ChordPeerState, message: FindSuccessor, out: Outbox): void {
  const { self } = state.config;
  const { key, replyTo, correlation, hops } = message;
  const trace = message.trace === undefined ? undefined : [...message.trace, self.key];
  const successor = state.successors[0]!;
  const isMine = betweenRightClosed(state.predecessor.key, key, self.key);
  if (isMine || betweenRightClosed(self.key, key, successor.key)) {
    const owner = isMine ? self : successor;
    const found = { type: 'successor-found', correlation, key, owner, hops } as const;
    out.send(replyTo, trace === undefined ? found : { ...found, trace });
    return;
  }
  const next = closestPreceding(self.key, state, key);
  // Only a liar's question travels this far, or is for no key at all; the asker's time-out ends it.
  if (next === undefined || !(hops < hopsMax)) return;
  const forwarded = { type: 'find-successor', key, replyTo, correlation, hops: hops + 1 } as const;
  out.send(next.chord, trace === undefined ? forwarded : { ...forwarded, trace });
}

function tellRange({ config, predecessor }: ChordPeerState, out: Outbox): void {
  if (config.service !== undefined) {
    out.send(config.service, { type: 'range-changed', self: config.self, predecessor });
  }
}

const stabiliseMsOf = ({ stabiliseMs = stabiliseMsDefault }: ChordPeerConfig): number => stabiliseMs;
