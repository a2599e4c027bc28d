// The golden conversation of one phone: register, refresh, a second device, query, removal, departure, and an OPTIONS before and
// after. Each entry is the clock, what the phone said, and the answer.
import { expect, it } from 'vitest';
import { RegistrarLane, requestText } from '../bench/registrar-lane.ts';

it('register, refresh, second device, query, remove, remove all', () => {
  const lane = new RegistrarLane();
  const peer = lane.addPeer();
  const trace: string[] = [];
  let cseq = 0;
  const say = (method: string, callId: string, ...lines: string[]) => {
    const uri = method === 'OPTIONS' ? 'sip:alice@example.com' : 'sip:example.com';
    const answer = lane.ask(peer, requestText({ method, uri, callId, cseq: ++cseq, lines }));
    const headers = method === 'OPTIONS' ? [] : (answer?.headerLines.split('\r\n').slice(0, -1) ?? []);
    trace.push(
      `${lane.now / 1000} s  ${[`${method} ${callId}/${cseq}`, ...lines].join(' | ')}`,
      `     ${[`${answer?.statusCode} ${answer?.reason}`, ...headers].join(' | ')}`,
    );
  };

  say('OPTIONS', 'probe');
  say('REGISTER', 'desk', 'Contact: <sip:alice@192.0.2.4:5060>', 'Expires: 600');
  lane.advance(300_000);
  say('REGISTER', 'desk', 'Contact: <sip:alice@192.0.2.4:5060>', 'Expires: 600');
  lane.advance(100_000);
  say('REGISTER', 'cell', 'Contact: <sip:alice@198.51.100.7:5060>;q=0.5;expires=120');
  say('REGISTER', 'desk');
  say('OPTIONS', 'probe');
  lane.advance(120_000);
  say('REGISTER', 'desk');
  say('REGISTER', 'desk', 'Contact: <sip:alice@192.0.2.4:5060>;expires=0');
  say('REGISTER', 'desk', 'Contact: <sip:alice@192.0.2.4:5060>;expires=30');
  say('REGISTER', 'desk', 'Contact: <sip:alice@192.0.2.4:5060>', 'Contact: <sip:alice@192.0.2.5:5060>');
  say('REGISTER', 'cell', 'Contact: *', 'Expires: 0');
  say('OPTIONS', 'probe');

  expect(trace.join('\n')).toMatchInlineSnapshot(`
    "0 s  OPTIONS probe/1
         480 Temporarily Unavailable
    0 s  REGISTER desk/2 | Contact: <sip:alice@192.0.2.4:5060> | Expires: 600
         200 OK | Contact: <sip:alice@192.0.2.4:5060>;expires=600
    300 s  REGISTER desk/3 | Contact: <sip:alice@192.0.2.4:5060> | Expires: 600
         200 OK | Contact: <sip:alice@192.0.2.4:5060>;expires=600
    400 s  REGISTER cell/4 | Contact: <sip:alice@198.51.100.7:5060>;q=0.5;expires=120
         200 OK | Contact: <sip:alice@192.0.2.4:5060>;expires=500 | Contact: <sip:alice@198.51.100.7:5060>;expires=120;q=0.5
    400 s  REGISTER desk/5
         200 OK | Contact: <sip:alice@192.0.2.4:5060>;expires=500 | Contact: <sip:alice@198.51.100.7:5060>;expires=120;q=0.5
    400 s  OPTIONS probe/6
         200 OK
    520 s  REGISTER desk/7
         200 OK | Contact: <sip:alice@192.0.2.4:5060>;expires=380
    520 s  REGISTER desk/8 | Contact: <sip:alice@192.0.2.4:5060>;expires=0
         200 OK
    520 s  REGISTER desk/9 | Contact: <sip:alice@192.0.2.4:5060>;expires=30
         423 Interval Too Brief | Min-Expires: 60
    520 s  REGISTER desk/10 | Contact: <sip:alice@192.0.2.4:5060> | Contact: <sip:alice@192.0.2.5:5060>
         200 OK | Contact: <sip:alice@192.0.2.4:5060>;expires=3600 | Contact: <sip:alice@192.0.2.5:5060>;expires=3600
    520 s  REGISTER cell/11 | Contact: * | Expires: 0
         200 OK
    520 s  OPTIONS probe/12
         480 Temporarily Unavailable"
  `);
});
