// Seeded protocol bugs, each of which the scenarios must catch: the rules that they break are those of Zave 2017, of the hand-over and
// its epochs, and of the membership. A mutation is one replaced place of the real source.
import type { Mutation } from './mutation.ts';
import { replicationMutations } from './replication-mutants.ts';

export interface Mutant extends Mutation {
  /** Scenarios that take turns to catch it. */
  readonly scenarios: readonly string[];
}

const churn = ['chord-churn', 'chord-histories'];
const chord = (file: string): string => `packages/chord/src/${file}.ts`;
const membership = (file: string): string => `packages/membership/src/${file}.ts`;

const planted: readonly Mutation[] = [
  {
    name: 'no-wrap-around',
    file: 'packages/ring-key/src/interval.ts',
    find: 'a < b ? a < x && x < b : a === b ? x !== a : a < x || x < b;',
    replace: 'a < x && x < b;',
    breaks: 'an interval that passes 0 holds nothing',
  },
  {
    name: 'hint-without-contact',
    file: chord('stabilization'),
    find: "  else askPointers(state, 'candidate', candidate, now, out);\n}",
    replace:
      '  else adopt(state, successorsAfter(state.self, candidate, state.successors, successorsCountOf(state)));\n}',
    breaks: 'rule 5: a hint of the membership is adopted without asking the candidate',
  },
  {
    name: 'uncontacted-predecessor',
    file: chord('stabilization'),
    find: "    askPointers(state, 'candidate', predecessor, now, out);\n",
    replace: '    adopt(state, successorsAfter(self, predecessor, state.successors, successorsCountOf(state)));\n',
    breaks: "rule 5: the successor's predecessor is adopted without step two",
  },
  {
    name: 'ring-of-one',
    file: chord('joining'),
    find: '  if (next === undefined || next.key === m.key) return retryJoin(state, false, out);',
    replace:
      '  if (next === undefined || next.key === m.key || joining.stepsLeft < 32) return becomeMember(state, self, [self], now, out);',
    breaks: 'rule 1: a joiner that does not get on founds a ring of its own',
  },
  {
    name: 'no-rectify',
    file: chord('rectification'),
    find: '  if (isNone || isCloser || isLaterLife(predecessor, notifier) || isLost(state, predecessor, now)) {',
    replace: '  if (isNone) {',
    breaks: 'rule 4: a closer notifier is not taken as predecessor',
  },
  {
    name: 'rectify-without-probe',
    file: chord('rectification'),
    find: "  } else if (openQuery(state, 'predecessor') === undefined) {",
    replace:
      "  } else if (openQuery(state, 'predecessor') === undefined) {\n    return takePredecessor(state, message, now, out);",
    breaks: 'rule 4: the predecessor is replaced though it lives',
  },
  {
    name: 'join-without-list',
    file: chord('joining'),
    find: '  state.successors = successorsAfter(self, list[0]!, list.slice(1), successorsCountOf(state)).map((one) =>',
    replace: '  state.successors = successorsAfter(self, list[0]!, [], successorsCountOf(state)).map((one) =>',
    breaks: 'rule 2: a joiner takes only the successor, not the list',
  },
  {
    name: 'join-behind-the-first',
    file: chord('joining'),
    find: '  if (m.key !== self.key && between(m.key, self.key, first.key)) return becomeMember(state, m, list, now, out);',
    replace: '  if (m.key !== self.key) return becomeMember(state, m, list, now, out);',
    breaks: 'rule 2: the place is not checked in the read in which the list is taken',
  },
  {
    name: 'drops-the-wrong-successor',
    file: chord('failure'),
    find: '  const live = successors.filter((member) => !isGone(member));',
    replace: '  const live = successors.some(isGone) ? successors.slice(1) : successors;',
    breaks: 'rule 3: the first successor is dropped, whoever died',
  },
  {
    name: 'never-drops-the-dead',
    file: chord('failure'),
    find: '  if (live.length === successors.length) return true;',
    replace: '  if (live.length <= successors.length) return true;',
    breaks: 'rule 3: dead successors stay in the list',
  },
  {
    name: 'no-epoch-increment',
    file: chord('ownership'),
    find: '  return (Math.floor(Math.max(a, b) / drawersCount) + 1) * drawersCount + drawer;',
    replace: '  return Math.max(a, b, drawer * 0);',
    breaks: 'a range changes its owner with the same epoch',
  },
  {
    name: 'owns-before-hand-over',
    file: chord('ownership'),
    find: '  if (config.service === undefined || service === undefined) return onRangeReleased(state, { correlation }, out);',
    replace: '  onRangeReleased(state, { correlation }, out);',
    breaks: 'a new peer owns its range before the records were handed over',
  },
  {
    name: 'no-fence-after-pause',
    file: chord('ownership'),
    find: '  if (isCovered && message.epoch > state.epoch && (owns || state.doubted)) {',
    replace: '  if (isCovered && message.epoch > state.epoch && message.epoch < 0) {',
    breaks: 'a peer that stood still goes on owning what another one has taken over',
  },
  {
    name: 'list-not-in-order',
    file: chord('pointers'),
    find: '    if (!between(before, member.key, self.key)) break;',
    replace: '    if (list.length > 60) break;',
    breaks: 'a successor list goes on past the peer itself',
  },
  {
    name: 'list-of-one-host',
    file: chord('pointers'),
    find: '    if (list.length >= successorsMax || (list.length >= count && hosts.length >= otherHostsWanted)) break;',
    replace: '    if (list.length >= Math.min(2, count)) break;',
    breaks: 'a successor list is too short to name peers of three other hosts',
  },
  {
    name: 'list-skips-one',
    file: chord('stabilization'),
    find: '  adopt(state, successorsAfter(self, asked, theirs, successorsCountOf(state)));',
    replace: '  adopt(state, successorsAfter(self, asked, theirs.slice(1), successorsCountOf(state)));',
    breaks: "the adopted list leaves out the successor's successor",
  },
  {
    name: 'takes-over-nothing',
    file: chord('ownership'),
    find: '    setRange(state, true, notifier.key, nextEpoch(self, state.epoch, state.predecessorEpoch), out);',
    replace: '    changeVersion(state);',
    breaks: 'nobody owns what a dead peer owned',
  },
  {
    name: 'taken-id-accepted',
    file: chord('joining'),
    find: '  if (seen.some((one) => one.key === self.key && !sameMember(one, self) && !isLaterLife(one, self)))',
    replace: '  if (seen.length === 0)',
    breaks: 'rule 2: a joiner takes an id that another member has',
  },
  {
    name: 'taken-id-kept',
    file: chord('stabilization'),
    find: '  if (predecessor.key === self.key && !sameMember(predecessor, self) && !isLaterLife(predecessor, self))',
    replace: '  if (predecessor.key === self.key && self.life < 0)',
    breaks: 'two joiners that were given one free place both keep it',
  },
  {
    name: 'leaves-without-a-word',
    file: chord('leaving'),
    find: '  if (owns && !(message.owns && message.ownedFrom === self.key && sameMember(message.predecessor, self)))',
    replace: '  if (owns) return finish(state, leaving, out);\n  if (!sameMember(message.predecessor, self))',
    breaks: 'rule 6: a leaving peer tells neither neighbour, and nobody owns its range for a while',
  },
  {
    name: 'leaves-below-the-base',
    file: chord('leaving'),
    find: '  if (others.size >= least) return undefined;',
    replace: '  if (others.size > 0) return undefined;',
    breaks: 'rule 6: peers leave until fewer than r + 1 are left',
  },
  {
    name: 'refutes-without-version',
    file: membership('hearing'),
    find: '  else writeRecord(state, version + 1, now);\n}\n\nfunction hearOwnRecord',
    replace: '  else writeRecord(state, own.version, now);\n}\n\nfunction hearOwnRecord',
    breaks: 'a suspicion is refuted with the version that is suspected',
  },
  {
    name: 'gossip-drops-news',
    file: membership('roster'),
    find: '  if (known !== undefined && !isNewer(page, known.page)) return false;',
    replace: '  if (known !== undefined && page.version > 1) return false;',
    breaks: 'changes of a page are not taken',
  },
  {
    name: 'rumours-are-believed',
    file: membership('hearing'),
    find: "  return (phase === 'slow' || phase === 'dead') && roster.entries.get(host)?.phase === 'alive';",
    replace: "  return phase === 'left' && roster.entries.get(host)?.host === -1;",
    breaks: 'a host that was cut off makes all others drop each other',
  },
];

export const mutants: readonly Mutant[] = [
  ...planted.map((mutation) => ({ ...mutation, scenarios: churn })),
  ...replicationMutations.map((mutation) => ({ ...mutation, scenarios: ['replication'] })),
];
