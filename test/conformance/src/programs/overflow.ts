// A burst of 20 messages within one step meets a mailbox of 5, once for each overflow rule.
import type { Address, Behaviour, LaneProgram, Typed } from '@chordial/actor';
import type { SystemEvent } from '@chordial/actor/protocol';

type Rule = 'drop-newest' | 'drop-oldest' | 'refuse';
interface Numbered {
  readonly type: 'numbered';
  readonly number: number;
}
interface SinkState {
  readonly seen: number[];
  readonly config: SinkConfig;
}
interface SinkConfig {
  readonly rule: Rule;
  readonly gateway: Address<Typed>;
}
type SinkMessage = Numbered | { readonly type: 'report-due' };

const sink = (overflow: Rule): Behaviour<SinkState, SinkMessage, SinkConfig> => ({
  name: `sink-${overflow}`,
  mailbox: { messagesMax: 5, overflow },
  init(config, _, out) {
    out.setTimer(200, { type: 'report-due' });
    return { seen: [], config };
  },
  step({ seen, config }, { message }, out) {
    if (message.type === 'numbered') seen.push(message.number);
    else out.send(config.gateway, { type: 'seen', rule: config.rule, seen } as Typed);
  },
});

interface SourceState {
  readonly sinks: readonly Address<Numbered>[];
  readonly refused: number[];
  readonly gateway: Address<Typed>;
}
type SourceMessage = SystemEvent | { readonly type: 'burst-due' } | { readonly type: 'report-due' };

const burst = 20;

const source: Behaviour<SourceState, SourceMessage, Omit<SourceState, 'refused'>> = {
  name: 'source',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  hearsSystem: true,
  init(config, _, out) {
    out.setTimer(10, { type: 'burst-due' });
    out.setTimer(200, { type: 'report-due' });
    return { ...config, refused: [] };
  },
  step(state, { message }, out) {
    if (message.type === 'message-refused') state.refused.push((message.message as Numbered).number);
    else if (message.type === 'report-due')
      out.send(state.gateway, { type: 'refused', refused: state.refused } as Typed);
    else if (message.type === 'burst-due') {
      for (const to of state.sinks) {
        for (let number = 0; number < burst; number++) out.send(to, { type: 'numbered', number });
      }
    }
  },
};

const program: LaneProgram<undefined> = ({ spawn, ports: { gateway } }) => {
  const rules: readonly Rule[] = ['drop-newest', 'drop-oldest', 'refuse'];
  const sinks = rules.map((rule) => spawn(sink(rule), { rule, gateway }) as Address<Numbered>);
  spawn(source, { sinks, gateway });
};
export default program;
