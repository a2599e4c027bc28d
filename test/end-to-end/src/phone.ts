// A phone in a few lines: sends requests from its own UDP socket, retransmits after T1 as RFC 3261 17.1.2 asks, and remembers
// each answer. Enough to load a host and to notice what got lost; it shares no code with the server.
import { createSocket, type Socket } from 'node:dgram';

const t1Ms = 500;

export interface Answer {
  readonly statusCode: number;
  readonly text: string;
}

export class Phone {
  readonly #socket: Socket;
  readonly #serverPort: number;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  #branchNext = 1;
  retransmissionsCount = 0;

  private constructor(socket: Socket, serverPort: number) {
    this.#socket = socket;
    this.#serverPort = serverPort;
    socket.on('message', (bytes) => {
      const text = bytes.toString('latin1');
      const branch = /branch=([^;\s]+)/.exec(text)?.[1] ?? '';
      this.#waiting.get(branch)?.({ statusCode: Number(text.slice(8, 11)), text });
    });
  }

  static open(serverPort: number): Promise<Phone> {
    const socket = createSocket('udp4');
    return new Promise((resolve) => {
      socket.bind(0, '127.0.0.1', () => resolve(new Phone(socket, serverPort)));
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** REGISTERs `user` with this phone's address; `lines` are further header lines. */
  register(
    user: string,
    cseq: number,
    lines: readonly string[] = [`Contact: <sip:${user}@127.0.0.1:${this.port}>`, 'Expires: 600'],
    transmissionsMax = 8,
  ): Promise<Answer> {
    return this.request('REGISTER', 'sip:127.0.0.1', user, cseq, lines, transmissionsMax);
  }

  /** Sends a request and resolves with its final answer; rejects after 8 transmissions or as many as given, 500 ms apart. */
  request(
    method: string,
    uri: string,
    user: string,
    cseq: number,
    lines: readonly string[],
    transmissionsMax = 8,
  ): Promise<Answer> {
    const branch = `z9hG4bK-${this.port}-${this.#branchNext++}`;
    const text = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.port};branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: <sip:${user}@127.0.0.1>;tag=${user}`,
      `To: <sip:${user}@127.0.0.1>`,
      `Call-ID: ${user}-${this.port}`,
      `CSeq: ${cseq} ${method}`,
      ...lines,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    return new Promise((resolve, reject) => {
      let sent = 0;
      const send = () => {
        if (sent++ === transmissionsMax) {
          finish();
          reject(new Error(`no answer to ${method} for ${user} (CSeq ${cseq})`));
          return;
        }
        if (sent > 1) this.retransmissionsCount++;
        this.#socket.send(text, this.#serverPort, '127.0.0.1');
      };
      const timer = setInterval(send, t1Ms);
      const finish = () => {
        clearInterval(timer);
        this.#waiting.delete(branch);
      };
      this.#waiting.set(branch, (answer) => {
        finish();
        resolve(answer);
      });
      send();
    });
  }

  close(): void {
    this.#socket.close();
  }
}
