// The other end of the udp benchmark, a process of its own: a closed loop that keeps 64 datagrams of 500 bytes under way to
// the given port, and prints how many came back within the given seconds. Lost ones are replaced when nothing comes.

import { makeAddress, nobody, type Outbox } from '@chordial/actor';
import type { UdpEvent, UdpRequest } from '@chordial/actor/protocol';
import { loadCalls } from '../dist/batched-socket.js';
import { createUdpPort } from '../dist/udp-port.js';

const [portText = '', secondsText = ''] = process.argv.slice(2);
const target = Number(portText);
const seconds = Number(secondsText);
const windowCount = 64;
const payload = new Uint8Array(500);

let echoed = 0;
let socket = 0;
let heardAt = performance.now();
const listener = makeAddress<UdpEvent>(0, 0, 16);
const request = (message: UdpRequest): void =>
  port.behaviour.step(undefined, { now: 0, from: nobody, message }, {} as Outbox);
const send = (count: number): void => {
  for (let n = 0; n < count; n++) {
    request({ type: 'send-datagram', socket, address: '127.0.0.1', port: target, bytes: payload, start: 0, end: 500 });
  }
};
const port = createUdpPort(
  {
    deliver: (_, message) => {
      const event = message as UdpEvent;
      if (event.type === 'udp-bound') {
        socket = event.socket;
        send(windowCount);
        port.flush();
      } else if (event.type === 'datagram-received') {
        echoed++;
        heardAt = performance.now();
        send(1);
      } else throw new Error(event.sentence);
    },
    turn: () => {
      port.flush();
      return true;
    },
    turnSoon: () => port.flush(),
  },
  (await loadCalls()) !== undefined,
);
request({ type: 'bind-udp', replyTo: listener, address: '127.0.0.1', port: 0, shared: false });
const watch = setInterval(() => {
  if (performance.now() - heardAt < 50) return;
  send(windowCount);
  port.flush();
}, 50);
setTimeout(() => {
  clearInterval(watch);
  port.close();
  process.stdout.write(JSON.stringify({ echoed, seconds }));
}, seconds * 1_000);
