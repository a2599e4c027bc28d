// A client that never rests, for tests of interruptions, run as a program of its own inside a network namespace: sends a REGISTER every 50 ms,
// each a new request of another user with a fresh Call-ID, without retransmission, and prints a line for each: when it was sent, its
// status (0: no answer within 4 s), and after how many ms the answer came.
//
//   node register-load.worker.ts SERVER-ADDRESS SERVER-PORT OWN-ADDRESS
import { createSocket } from 'node:dgram';

const everyMs = 50;
const answerMsMax = 4_000;
const usersCount = 200;
const [server = '', port = '', own = ''] = process.argv.slice(2);

interface Request {
  readonly wallMs: number;
  readonly sentAt: number;
}

const socket = createSocket('udp4');
const waiting = new Map<string, Request>();
let count = 0;

const print = ({ wallMs }: Request, status: number, latencyMs: number): void => {
  process.stdout.write(`${wallMs} ${status} ${latencyMs.toFixed(1)}\n`);
};

socket.on('message', (bytes) => {
  const text = bytes.toString('latin1');
  const branch = /branch=([^;\s]+)/.exec(text)?.[1] ?? '';
  const request = waiting.get(branch);
  if (request === undefined) return;
  waiting.delete(branch);
  print(request, Number(text.slice(8, 11)), performance.now() - request.sentAt);
});
socket.on('error', () => {});

function send(): void {
  const now = performance.now();
  for (const [branch, request] of waiting) {
    if (now - request.sentAt < answerMsMax) break;
    waiting.delete(branch);
    print(request, 0, answerMsMax);
  }
  const number = count++;
  const branch = `z9hG4bK-${process.pid}-${number}`;
  const user = `load${number % usersCount}`;
  const text = [
    'REGISTER sip:example.com SIP/2.0',
    `Via: SIP/2.0/UDP ${own}:${socket.address().port};branch=${branch};rport`,
    'Max-Forwards: 70',
    `From: <sip:${user}@example.com>;tag=${number}`,
    `To: <sip:${user}@example.com>`,
    `Call-ID: ${process.pid}-${number}@${own}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:${user}@${own}:5099>`,
    'Expires: 600',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  waiting.set(branch, { wallMs: Date.now(), sentAt: now });
  socket.send(text, Number(port), server, () => {});
}

socket.bind(0, own, () => setInterval(send, everyMs));
