// A founding ring on one kernel, without a network and without time: for counting hops and for the processor time of a hop.
import { type Address, type Behaviour, makeAddress, nobody, type Typed } from '@chordial/actor';
import { LaneKernel } from '@chordial/actor/shell';
import { type FoundingRing, foundingRing } from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import type { FindSuccessor, SuccessorFound } from '@chordial/chord/protocol';

/** The kernel numbers actors without a fixed place from here. */
const firstIndex = 32;

export type Question = Omit<FindSuccessor, 'replyTo' | 'type'>;

export interface KernelRing {
  readonly ring: FoundingRing;
  /** Puts a question to a peer and runs until it is answered. */
  ask(start: number, question: Question): SuccessorFound | undefined;
  /** Puts a question to a peer; `run` answers all that were put, and gives the hops that they took together. */
  put(start: number, question: Question): void;
  run(): number;
}

export function ringOnOneKernel(peersCount: number): KernelRing {
  const ring = foundingRing({
    hosts: [{ host: 0, lanesCount: 1 }],
    peersCount,
    ringName: 'chordial',
    chordAddress: (lane, i) => makeAddress(0, lane, firstIndex + i),
  });
  let answer: SuccessorFound | undefined;
  let hops = 0;
  const kernel = new LaneKernel(0, 0, 1, {
    post: () => false,
    // No time passes here, so that no timer is ever due.
    setTimer: () => 1,
    clearTimer: () => {},
    actorFailed: (_actor, name, failure) => {
      throw new Error(`${name} failed`, { cause: failure });
    },
    laneFailed: () => {},
  });
  const asker: Behaviour<undefined, SuccessorFound, undefined> = {
    name: 'asker',
    init: () => undefined,
    step: (_, { message }) => {
      answer = message;
      hops += message.hops;
    },
    mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
  };
  const replyTo: Address<SuccessorFound> = kernel.spawnRoot(asker, undefined, 1);
  for (const self of ring.members) kernel.spawnRoot(chordPeer, { self, founding: ring });
  const put = (start: number, question: Question): void => {
    const message: Typed = { ...question, type: 'find-successor', replyTo } as FindSuccessor;
    kernel.deliver(makeAddress(0, 0, firstIndex + start), nobody, message);
  };
  const run = (): number => {
    hops = 0;
    while (kernel.run(10_000) > 0);
    return hops;
  };
  // What the peers say to each other at birth is not the questions'.
  run();
  return {
    ring,
    put,
    run,
    ask(start, question) {
      answer = undefined;
      put(start, question);
      run();
      return answer;
    },
  };
}
