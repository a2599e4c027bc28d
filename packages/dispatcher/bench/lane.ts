// One lane for the benchmark: the real transport, dispatcher and transaction on a kernel, between a socket that only counts
// and a service that answers at once, so that what is measured is the path and not the ends.
import { type Address, type Behaviour, makeAddress, type Typed } from '@chordial/actor';
import type { DatagramReceived, UdpRequest } from '@chordial/actor/protocol';
import { LaneKernel } from '@chordial/actor/shell';
import type { Member, WatchRing } from '@chordial/chord/protocol';
import { dispatcher } from '@chordial/dispatcher';
import { ringKeyFromText } from '@chordial/ring-key';
import { sipTransaction } from '@chordial/sip-transaction';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';
import { sipTransport } from '@chordial/sip-transport';

const mailbox = { messagesMax: 1_000_000, overflow: 'drop-newest' } as const;
const DISPATCHER_AT = 18;
const nobody = 0 as Address<never>;

export class BenchLane {
  sentCount = 0;
  sentBytes = 0;
  readonly #kernel: LaneKernel;
  readonly #transport: Address<Typed>;

  constructor(peersCount: number) {
    const timers: (() => void)[] = [];
    const fail = (failure: unknown): never => {
      throw failure;
    };
    const kernel = new LaneKernel(0, 0, 1, {
      post: () => false,
      setTimer: (_delayMs, due) => timers.push(() => kernel.fire(due)),
      clearTimer: () => undefined,
      actorFailed: (_actor, _name, failure) => fail(failure),
      laneFailed: fail,
    });
    const members = Array.from({ length: peersCount }, (_, i) => ringKeyFromText(`peer ${i}`))
      .sort()
      .map((key, i): Member => ({ key, host: 0, lane: 0, chord: makeAddress(0, 0, 1_000 + i), life: 1 }));
    const udp = kernel.spawnRoot(this.#udp(), undefined);
    const owner = kernel.spawnRoot(silent, undefined);
    const transport = kernel.spawnRoot(sipTransport, {
      listen: { address: '127.0.0.1', port: 5060, shared: true },
      udp,
      owner,
      dispatcher: makeAddress(0, 0, DISPATCHER_AT),
      siblings: [],
      handOverBacklogMin: 64,
    });
    const transaction = kernel.spawnRoot(sipTransaction, { transport, secret: 7 });
    const front = kernel.spawnRoot(
      dispatcher,
      {
        domains: ['example.com', '127.0.0.1'],
        routing: 'one-hop',
        membership: kernel.spawnRoot(membershipOf(members), undefined),
        owner,
        transport,
        transaction,
        hopsMax: 4,
        secret: 7,
      },
      DISPATCHER_AT,
    );
    const service = kernel.spawnRoot(answering, undefined);
    const peers = members.map(({ chord }) => [chord, service] as const);
    kernel.deliver(front as Address<Typed>, nobody, { type: 'attach-peers', peers } as Typed);
    members.forEach((self, i) => {
      const range = { type: 'range-changed', self, owns: true, from: members.at(i - 1)!.key, epoch: 1 };
      kernel.deliver(front as Address<Typed>, nobody, range as Typed);
    });
    kernel.run(1_000_000);
    this.#kernel = kernel;
    this.#transport = transport as Address<Typed>;
  }

  /** One turn: what a socket's batch of datagrams leads to. */
  turn(now: number, datagrams: readonly DatagramReceived[]): void {
    this.#kernel.now = now;
    for (const datagram of datagrams) this.#kernel.deliver(this.#transport, nobody, datagram);
    this.#kernel.run(1_000_000);
  }

  #udp(): Behaviour<undefined, UdpRequest, undefined> {
    return {
      name: 'udp',
      init: () => undefined,
      step: (_state, { message }, out) => {
        if (message.type === 'bind-udp') {
          out.send(message.replyTo, { type: 'udp-bound', socket: 1, address: '127.0.0.1', port: 5060 });
        } else if (message.type === 'send-datagram') {
          this.sentCount++;
          this.sentBytes += message.end - message.start;
        }
      },
      mailbox,
    };
  }
}

const silent: Behaviour<undefined, Typed, undefined> = {
  name: 'silent',
  init: () => undefined,
  step: () => {},
  mailbox,
};

const answering: Behaviour<undefined, RequestReceived, undefined> = {
  name: 'answering',
  init: () => undefined,
  step: (_state, { message: { transaction, replyTo } }, out) => {
    const headerLines = 'Contact: <sip:user@192.0.2.15:5060;transport=udp>;expires=3600\r\n';
    out.send(replyTo, { type: 'respond', transaction, statusCode: 200, reason: 'OK', headerLines });
  },
  mailbox,
};

const membershipOf = (members: readonly Member[]): Behaviour<undefined, WatchRing, undefined> => ({
  name: 'membership',
  init: () => undefined,
  step: (_state, { message }, out) => out.send(message.replyTo, { type: 'ring-changed', epoch: 1, members }),
  mailbox,
});
