// The core of the membership: one actor per lane, lane 0 leads. Each family of messages has its file; here they are told apart, and after
// every step what changed is told to whom it concerns.
import type { Birth, Outbox, Received } from '@chordial/actor';
import { createRandom, nextBelow } from '@chordial/actor/random';
import { hostOf } from '@chordial/actor/shell';
import { onBeatDue } from './beating.ts';
import { onCompareRosters, onGossipDue, onSpreadNews } from './gossip.ts';
import { beatLeader, onLaneBeat, onLanePagesChanged, onPictureSent } from './lanes.ts';
import { onAnnounceLeave, onListHosts } from './leaving.ts';
import { beatMs, holdMs } from './limits.ts';
import { onPeerChanged, writeRecord } from './own-roster.ts';
import { onDiskDone, onDiskFailed, onFileRead, readPersisted } from './persistence.ts';
import { onPlacePeer } from './placing.ts';
import {
  onAnswerDue,
  onHostAnswered,
  onHostLinked,
  onHostUnlinked,
  onMessageRefused,
  onProbeDue,
  onProbeHost,
  probeAccused,
} from './probing.ts';
import type { MembershipMessage } from './protocol.ts';
import { createPicture } from './ring-picture.ts';
import { createRoster } from './roster.ts';
import { createEstimator } from './round-trip.ts';
import { addContact, onHostIntroduced } from './routes.ts';
import type { MembershipConfig, MembershipState } from './state.ts';
import { onTellDue, onWatchRing, tellChanges } from './telling.ts';

export function initMembership(
  config: MembershipConfig,
  birth: Birth<MembershipMessage>,
  out: Outbox,
): MembershipState {
  const { now, self, seed } = birth;
  const isLeader = config.lane === 0;
  const life = Math.floor(config.startedAt + now);
  const state: MembershipState = {
    config,
    self,
    isLeader,
    random: createRandom(seed),
    slowToDeadMs: config.slowToDeadMs ?? 5_000,
    life,
    lifeAhead: 0,
    roster: createRoster(config.host, config.membersMax ?? 10_000, isLeader),
    picture: createPicture(),
    news: { records: new Set(), pages: new Set(), opinions: new Set() },
    isUrgent: true,
    tellTimer: 0,
    epoch: 0,
    counted: new Map(),
    hostsUp: new Set(),
    toldPhases: new Map(),
    watchers: new Set(),
    peers: new Map(),
    pageCounts: [],
    pagesDirty: new Set(),
    pageVersions: [],
    pagesVersion: 0,
    correlation: 0,
    probes: new Map(),
    round: [],
    ways: new Map(),
    allWays: createEstimator(),
    recent: [],
    accusations: new Map(),
    accused: { life: 0, version: 0 },
    contacts: new Map(),
    routes: new Map(),
    beatAt: now + beatMs,
    lateMs: 0,
    lateMsBefore: 0,
    deadProbeAt: now,
    lanes: new Map(),
    heldUntil: isLeader && config.lanesCount > 1 ? now + holdMs : 0,
    leaderLife: 0,
    leaderSeen: 0,
    placesEarlier: [...(config.placesEarlier ?? [])],
    given: new Map(),
    waiters: new Set(),
    contactTurn: nextBelow(createRandom(seed), 1_000),
    taken: undefined,
    reading: 0,
    writing: 0,
    isWriteDue: false,
    writtenAt: now,
    hasDiskFailed: false,
    leaving: undefined,
    isLeaving: false,
    counts: { probes: 0, refutations: 0, suspicions: 0, relays: 0, refused: 0 },
  };
  out.send(config.hostsPort, { type: 'watch-hosts', replyTo: self });
  out.setTimer(beatMs, { type: 'beat-due' });
  for (const founder of config.founders ?? [])
    onPeerChanged(state, { type: 'peer-changed', self: founder, phase: 'member' }, now);
  if (isLeader) {
    writeRecord(state, 1, now);
    readPersisted(state, now, out);
    for (const seedHost of config.seeds ?? []) addContact(state, seedHost, now, out);
    const probeEveryMs = config.probeEveryMs ?? 150;
    out.setTimer(nextBelow(state.random, probeEveryMs), { type: 'probe-due' });
    out.setTimer(nextBelow(state.random, config.gossipEveryMs ?? 1_000), { type: 'gossip-due' });
  } else {
    beatLeader(state, out);
  }
  tellChanges(state, now, out);
  return state;
}

export function stepMembership(state: MembershipState, received: Received<MembershipMessage>, out: Outbox): void {
  hear(state, received, out);
  if (state.accusations.size > 0) probeAccused(state, received.now, out);
  tellChanges(state, received.now, out);
}

function hear(state: MembershipState, { now, from, message }: Received<MembershipMessage>, out: Outbox): void {
  switch (message.type) {
    case 'watch-ring':
      return onWatchRing(state, message, out);
    case 'peer-changed':
      return onPeerChanged(state, message, now);
    case 'place-peer':
      return onPlacePeer(state, message, now, out);
    case 'probe-host':
      return onProbeHost(state, message, hostOf(from), now, out);
    case 'host-answered':
      return onHostAnswered(state, message, hostOf(from), now, out);
    case 'spread-news':
      return onSpreadNews(state, message, hostOf(from), now, out);
    case 'compare-rosters':
      return onCompareRosters(state, message, now, out);
    case 'lane-beat':
      return onLaneBeat(state, message, now, out);
    case 'picture-sent':
      return onPictureSent(state, message, now, out);
    case 'lane-pages-changed':
      return onLanePagesChanged(state, message);
    case 'probe-due':
      return onProbeDue(state, now, out);
    case 'answer-due':
      return onAnswerDue(state, message, now, out);
    case 'gossip-due':
      return onGossipDue(state, now, out);
    case 'beat-due':
      return onBeatDue(state, now, out);
    case 'tell-due':
      return onTellDue(state, now, out);
    case 'announce-leave':
      return onAnnounceLeave(state, message, now, out);
    case 'list-hosts':
      return onListHosts(state, message, out);
    case 'host-introduced':
      return onHostIntroduced(state, message, now, out);
    case 'host-linked':
      return onHostLinked(state, message.host, now, out);
    case 'host-unlinked':
      return onHostUnlinked(state, message, now, out);
    case 'message-refused':
      return onMessageRefused(state, message, now, out);
    case 'disk-done':
      return onDiskDone(state, message.correlation);
    case 'disk-failed':
      return onDiskFailed(state, message, now, out);
    case 'file-read':
      return onFileRead(state, message, now, out);
    default:
      message satisfies never;
  }
}
