// The golden conversation of one phone with a location service whose records are kept by the store: what is asked, when, and what is told.
import type { RingKey } from '@chordial/ring-key';
import { expect, it } from 'vitest';
import type { LocationMessage } from './protocol.ts';
import { changeOf, listOf, StoredLocations, shortOf } from './store.fixture.ts';

it('first register, refresh, a second one behind it, a range that changes, a store that fails, removal', () => {
  const all = new StoredLocations();
  const trace: string[] = [];
  let [asked, told] = [0, 0];
  const note = () => {
    for (; asked < all.asked.length; asked++) {
      const request = all.asked[asked]!;
      const context = 'context' in request ? ` after [${request.context}]` : '';
      const value = request.type === 'put-record' ? ` ${request.value} for ${request.ttlMs / 1_000} s` : '';
      trace.push(`${all.now / 1_000} s    -> store ${request.type}${context}${value}`);
    }
    for (; told < all.answers.length; told++)
      trace.push(`${all.now / 1_000} s    -> asker ${shortOf(all.answers[told])}`);
  };
  const say = (said: string, message: LocationMessage) => {
    trace.push(`${all.now / 1_000} s  ${said}`);
    all.tell(message);
    note();
  };
  const pass = (ms: number) => {
    for (const until = all.now + ms; all.now < until; note()) all.advance(10);
  };
  const register = (cseq: number, ...contacts: string[]) => changeOf('alice@a', cseq, contacts, 'call');

  all.fateOf = () => ({ ms: 10, isDone: true, says: 'yes' });
  say('register 1', register(1, 'sip:a@desk/600'));
  pass(20);
  say('list', listOf('alice@a'));
  say('register 2', register(2, 'sip:a@desk/600'));
  say('register 3', register(3, 'sip:a@cell/60'));
  pass(20);
  trace.push(`${all.now / 1_000} s  range-changed`);
  all.own('0'.repeat(40) as RingKey, 'f'.repeat(40) as RingKey);
  all.fateOf = ({ type }) => ({
    ms: 10,
    isDone: type === 'get-record',
    says: type === 'get-record' ? 'yes' : 'too-few-copies',
  });
  pass(20_000);
  say('register 4', register(4, 'sip:a@desk/600'));
  pass(20);
  all.fateOf = () => ({ ms: 10, isDone: true, says: 'yes' });
  say('register 5', register(5, '-sip:a@desk', '-sip:a@cell'));
  pass(20);

  expect(trace.join('\n')).toMatchInlineSnapshot(`
    "1 s  register 1
    1 s    -> store get-record
    1.01 s    -> store put-record after [] [600000,[["sip:a@desk","","",0,"call",1,1000,600000,""]]] for 600 s
    1.02 s    -> asker sip:a@desk#1
    1.02 s  list
    1.02 s    -> asker sip:a@desk#1
    1.02 s  register 2
    1.02 s    -> store put-record after [d3] [600000,[["sip:a@desk","","",0,"call",2,1000,600000,""]]] for 600 s
    1.02 s  register 3
    1.03 s    -> store put-record after [d3,d5] [599990,[["sip:a@desk","","",0,"call",2,1000,599990,""],["sip:a@cell","","",0,"call",3,1000,60000,""]]] for 599.99 s
    1.03 s    -> asker sip:a@desk#2
    1.04 s    -> asker sip:a@desk#2 sip:a@cell#3
    1.04 s  range-changed
    21.04 s  register 4
    21.04 s    -> store get-record
    21.05 s    -> store put-record after [d3,d5,d6] [600000,[["sip:a@desk","","",0,"call",4,1000,600000,""],["sip:a@cell","","",0,"call",3,1000,39990,""]]] for 600 s
    21.06 s    -> asker store-failed
    21.06 s  register 5
    21.06 s    -> store get-record
    21.07 s    -> store delete-record after [d3,d5,d6]
    21.08 s    -> asker none"
  `);
});
