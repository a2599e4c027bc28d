// `chordial ring --check`: every member of the ring is asked for its pointers and its range, and all answers together are judged by the
// rules of the ring (Zave, TSE 2017) and of ownership. The answers are not of one moment: in a ring that changes just now, ask again.
import { fencingFault, ownershipFault, type PeerPicture, ringFault } from '@chordial/chord';
import type { Member, PointersPending, PointersRead } from '@chordial/chord/protocol';

export interface RingFault {
  readonly rule: 'answers' | 'pointers' | 'ownership' | 'fencing';
  readonly sentence: string;
  readonly remedy: string;
}

export interface RingCheck {
  /** The number of the host that asked. */
  readonly host: number;
  readonly peersCount: number;
  readonly hostsCount: number;
  readonly faults: readonly RingFault[];
}

export type PointersAnswer = PointersRead | PointersPending | { readonly type: 'silent'; readonly self: Member };

const askedAtOnce = 64;
const namedMax = 5;
const remedies: Readonly<Record<RingFault['rule'], string>> = {
  answers:
    'Ask again in some seconds: a host that fails is out of the ring within two. If it stays, look at the host itself (chordial status), and whether this one reaches its ring address.',
  pointers:
    'Ask again in some seconds: stabilization mends pointers within one. If it stays, keep the answer of chordial ring --json from every host, and restart the host of the peer that is named.',
  ownership:
    'Ask again in some seconds: a range that is on its way to a new owner is served by the old one. If it stays, restart the host of the peer that is named.',
  fencing:
    'Two peers answer for the same keys, as after a partition that is healing. Ask again in some seconds; if it stays, stop one of the two hosts.',
};

/** Asks all members, some at a time. */
export async function askMembers(
  members: readonly Member[],
  ask: (member: Member) => Promise<PointersRead | PointersPending>,
): Promise<PointersAnswer[]> {
  const answers: PointersAnswer[] = [];
  let next = 0;
  const askSome = async (): Promise<void> => {
    for (let index = next++; index < members.length; index = next++) {
      const self = members[index]!;
      answers[index] = await ask(self).catch(() => ({ type: 'silent' as const, self }));
    }
  };
  await Promise.all(Array.from({ length: Math.min(askedAtOnce, members.length) }, askSome));
  return answers;
}

/** What is wrong; `successorsCount` is r. */
export function judge(host: number, answers: readonly PointersAnswer[], successorsCount: number): RingCheck {
  const faults: RingFault[] = [];
  const find = (rule: RingFault['rule'], sentence: string | undefined): void => {
    if (sentence !== undefined) faults.push({ rule, sentence, remedy: remedies[rule] });
  };
  const silent = answers.filter(({ type }) => type === 'silent');
  const pending = answers.filter(({ type }) => type === 'pointers-pending');
  if (answers.length === 0) find('answers', 'no member of the ring is known');
  if (silent.length > 0) find('answers', `${named(silent)} did not answer`);
  if (pending.length > 0) find('answers', `${named(pending)} joins or leaves just now`);
  const pictures: PeerPicture[] = answers.filter((answer) => answer.type === 'pointers-read');
  if (pictures.length > 0) {
    find('pointers', not(ringFault(pictures, successorsCount)));
    find('ownership', not(ownershipFault(pictures)));
    find('fencing', not(fencingFault(pictures)));
  }
  return { host, peersCount: answers.length, hostsCount: new Set(answers.map(({ self }) => self.host)).size, faults };
}

/** The rules are written as what should be. */
const not = (sentence: string | undefined): string | undefined =>
  sentence === undefined ? undefined : `it is not so that ${sentence}`;

function named(answers: readonly PointersAnswer[]): string {
  const first = answers.slice(0, namedMax).map(({ self }) => `${self.key.slice(0, 12)} (host ${self.host})`);
  const more = answers.length > namedMax ? ` and ${answers.length - namedMax} more` : '';
  return `${answers.length === 1 ? 'peer' : 'peers'} ${first.join(', ')}${more}`;
}

export function checkText({ peersCount, hostsCount, faults }: RingCheck): string {
  const size = `${peersCount} ${peersCount === 1 ? 'peer' : 'peers'} of ${hostsCount} ${hostsCount === 1 ? 'host' : 'hosts'}`;
  if (faults.length === 0)
    return `The ring is right: ${size} asked; one ordered ring, and every key has one owner, which all agree on.`;
  return [
    `The ring is not right: ${size} asked, ${faults.length} ${faults.length === 1 ? 'rule is' : 'rules are'} broken.`,
    ...faults.map(({ rule, sentence, remedy }) => `  ${rule}: ${sentence}.\n    ${remedy}`),
  ].join('\n');
}
