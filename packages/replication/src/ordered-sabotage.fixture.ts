// Rules of the protocol for ordered tables that a test breaks, one at a time, from outside: the code under test stays as it is.
import type { AcceptorState } from './acceptor-state.ts';
import type { AcceptorMessage } from './ordered-protocol.ts';
import type { OrderedState } from './ordered-state.ts';
import type { Kept } from './store.fixture.ts';

export type Sabotage =
  | 'none'
  /** An acceptor accepts whatever it has promised. */
  | 'no-promises'
  /** A proposer takes its own host for a majority. */
  | 'no-majority'
  /** A host that comes back has forgotten its registers (`OrderedWorld.stop`). */
  | 'amnesia'
  /** A proposer forgets what it has tried. */
  | 'no-memory'
  /** The roster changes without the registers being copied. */
  | 'no-copying'
  /** While it changes only the new group is asked. */
  | 'one-group'
  /** Acceptors do not look at the proposer's roster. */
  | 'no-epochs';

export const isHome = (name: string): boolean => name.endsWith('/255');

export function sabotagedMessage(
  sabotage: Sabotage,
  records: Map<string, Kept>,
  acceptor: AcceptorState,
  message: AcceptorMessage,
): AcceptorMessage {
  const { registers, roster } = acceptor;
  if (sabotage === 'no-promises' && message.type === 'accept-ballot') {
    for (const [name, register] of registers) registers.set(name, { ...register, promised: '' });
    for (const [name, kept] of records)
      if (!isHome(name)) records.set(name, { ...kept, record: { ...kept.record, version: '' } });
  }
  const isBallot = message.type === 'accept-ballot' || message.type === 'prepare-ballot';
  if (sabotage !== 'no-epochs' || !isBallot || roster === undefined) return message;
  return { ...message, roster: roster.id, epoch: roster.epoch };
}

export function sabotageProposer(sabotage: Sabotage, { changes, moving, config }: OrderedState): void {
  for (const change of changes.values()) {
    if (sabotage === 'no-memory') change.attempts.length = 0;
    if (sabotage === 'one-group' && change.groups.length > 1) change.groups = [change.groups[1]!];
    if (sabotage === 'no-majority' && change.phase === 'accept')
      change.groups = [change.groups[0]!.filter((name) => name.startsWith(`${config.host}.`))];
  }
  if (sabotage !== 'no-copying') return;
  for (const copying of moving.copyings.values()) {
    copying.isDone = true;
    copying.correlation = 0;
  }
}
