// The ring reporter, one per lane: keeps the members that the membership told last and shows them to the main thread when it asks, so
// that an operator's question costs the membership nothing.
import type { Address, Behaviour, Outbox, Received } from '@chordial/actor';
import type { Member, WatchRing } from '@chordial/chord/protocol';
import type { ReporterMessage, RingNews } from './protocol.ts';

export interface RingReporterConfig {
  readonly host: number;
  readonly lane: number;
  readonly membership: Address<WatchRing>;
  /** Hears figures of each change. */
  readonly owner: Address<RingNews>;
}

export interface RingReporterState {
  readonly config: RingReporterConfig;
  epoch: number;
  members: readonly Member[];
}

function step(state: RingReporterState, { message }: Received<ReporterMessage>, out: Outbox): void {
  switch (message.type) {
    case 'ring-changed':
      return onRingChanged(state, message, out);
    case 'tell-ring': {
      const { epoch, members } = state;
      return out.send(message.replyTo, { type: 'ring-told', correlation: message.correlation, epoch, members });
    }
    default:
      message satisfies never;
  }
}

function onRingChanged(
  state: RingReporterState,
  { epoch, members }: Extract<ReporterMessage, { type: 'ring-changed' }>,
  out: Outbox,
): void {
  const { host, lane, owner } = state.config;
  state.epoch = epoch;
  state.members = members;
  const ownCount = members.reduce((count, member) => count + (member.host === host ? 1 : 0), 0);
  const hostsCount = new Set(members.map((member) => member.host)).size;
  out.send(owner, { type: 'ring-news', lane, membersCount: members.length, ownCount, hostsCount });
}

export const ringReporter: Behaviour<RingReporterState, ReporterMessage, RingReporterConfig> = {
  name: 'ring-reporter',
  init: (config, { self }, out) => {
    out.send(config.membership, { type: 'watch-ring', replyTo: self });
    return { config, epoch: 0, members: [] };
  },
  step,
  mailbox: { messagesMax: 256, overflow: 'drop-oldest' },
};
