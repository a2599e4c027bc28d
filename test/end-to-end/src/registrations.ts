// A client of a whole ring that remembers what it was promised: it registers users at one host after the other, as a phone that knows several
// addresses of its service does, and asks afterwards whether what was acknowledged is still there. Each registration of a user
// has a higher CSeq than the one before, and the same number as its q, so that an older one is told from the last that was acknowledged.
import { createSocket, type Socket } from 'node:dgram';

const t1Ms = 500;
const domain = 'example.com';
/** q has three digits. */
export const turnsMax = 999;

interface Reply {
  readonly statusCode: number;
  readonly text: string;
}
interface Waiting {
  readonly answer: (reply: Reply | undefined) => void;
  readonly timer: NodeJS.Timeout;
}

/** Of one registration: until some host answered 200. */
export interface Registered {
  /** `performance.now()` when it was begun. */
  readonly at: number;
  readonly ms: number;
  /** 200, or the last answer; 0 for none. */
  readonly statusCode: number;
  /** Answers of 503 on the way, and addresses that did not answer. */
  readonly refusedCount: number;
  readonly silentCount: number;
}

export class Registrations {
  /** By user: the number of the last registration that was answered 200. */
  readonly acknowledged = new Map<string, number>();
  /** Texts of answers other than 200, the first ones. */
  readonly refusals: string[] = [];
  readonly #turns = new Map<string, number>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #socket: Socket;
  readonly #expiresSeconds: number;
  #branchNext = 1;
  #cseqOfQuery = 1;

  private constructor(socket: Socket, expiresSeconds: number) {
    this.#socket = socket;
    this.#expiresSeconds = expiresSeconds;
    socket.on('message', (bytes) => {
      const text = bytes.toString('latin1');
      const branch = /branch=([^;\s]+)/.exec(text)?.[1] ?? '';
      const waiting = this.#waiting.get(branch);
      if (waiting === undefined) return;
      this.#waiting.delete(branch);
      clearTimeout(waiting.timer);
      waiting.answer({ statusCode: Number(text.slice(8, 11)), text });
    });
    socket.on('error', () => {});
  }

  static open(expiresSeconds = 3_600): Promise<Registrations> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 2 ** 22 });
    return new Promise((resolve) => {
      socket.bind(0, '127.0.0.1', () => resolve(new Registrations(socket, expiresSeconds)));
    });
  }

  /** Tries the hosts at `ports` in turn until one answers 200, at most `roundsMax` times each. */
  async register(user: string, ports: readonly number[], roundsMax = 4): Promise<Registered> {
    const at = performance.now();
    let statusCode = 0;
    let refusedCount = 0;
    let silentCount = 0;
    const turn = (this.#turns.get(user) ?? 0) + 1;
    if (turn > turnsMax) throw new Error(`a user registers at most ${turnsMax} times`);
    this.#turns.set(user, turn);
    const q = (turn / 1_000).toFixed(3);
    const lines = [`Contact: <sip:${user}@127.0.0.1:5099>;q=${q}`, `Expires: ${this.#expiresSeconds}`];
    for (let i = 0; i < ports.length * roundsMax && statusCode !== 200; i++) {
      const reply = await this.#request(user, turn * 100 + i, ports[i % ports.length]!, lines);
      statusCode = reply?.statusCode ?? 0;
      if (reply === undefined) silentCount++;
      else if (statusCode !== 200) {
        refusedCount++;
        if (this.refusals.length < 20) this.refusals.push(reply.text);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    if (statusCode === 200) this.acknowledged.set(user, Math.max(turn, this.acknowledged.get(user) ?? 0));
    return { at, ms: performance.now() - at, statusCode, refusedCount, silentCount };
  }

  /** Registers all of them, `atOnce` at a time, each at another host first. */
  async registerAll(
    users: readonly string[],
    ports: readonly number[],
    atOnce = 64,
    roundsMax = 4,
  ): Promise<Registered[]> {
    const done: Registered[] = [];
    await each(users, atOnce, async (user, i) => {
      done.push(await this.register(user, rotated(ports, i), roundsMax));
    });
    return done;
  }

  /** Users whose last acknowledged registration, or a later one, is not what the ring answers; each is asked at another host. */
  async missing(ports: readonly number[], atOnce = 64): Promise<string[]> {
    const missing: string[] = [];
    await each([...this.acknowledged], atOnce, async ([user, turn], i) => {
      const found = await this.#turnAt(user, rotated(ports, i));
      if (found === undefined || found < turn) missing.push(`${user}: ${found ?? 'nothing'} instead of ${turn}`);
    });
    return missing;
  }

  /** The number of the registration that the ring has; undefined where it has none, or nobody says. */
  async #turnAt(user: string, ports: readonly number[]): Promise<number | undefined> {
    for (let i = 0; i < ports.length * 4; i++) {
      const reply = await this.#request(user, this.#cseqOfQuery++, ports[i % ports.length]!, [], 'query');
      if (reply?.statusCode !== 200) continue;
      const q = /^Contact:.*;q=([\d.]+)/im.exec(reply.text)?.[1];
      return q === undefined ? undefined : Math.round(Number(q) * 1_000);
    }
    return undefined;
  }

  /** Sent twice, as RFC 3261 17.1.2 asks; undefined when there is no answer. */
  async #request(
    user: string,
    cseq: number,
    port: number,
    lines: readonly string[],
    call = 'register',
  ): Promise<Reply | undefined> {
    const branch = `z9hG4bK-${this.#socket.address().port}-${this.#branchNext++}`;
    const text = [
      `REGISTER sip:${domain} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.#socket.address().port};branch=${branch};rport`,
      'Max-Forwards: 70',
      `From: <sip:${user}@${domain}>;tag=${user}`,
      `To: <sip:${user}@${domain}>`,
      `Call-ID: ${user}-${call}`,
      `CSeq: ${cseq} REGISTER`,
      ...lines,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
    return (await this.#send(branch, text, port)) ?? this.#send(branch, text, port);
  }

  #send(branch: string, text: string, port: number): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(branch);
        resolve(undefined);
      }, t1Ms);
      this.#waiting.set(branch, { answer: resolve, timer });
      this.#socket.send(text, port, '127.0.0.1', () => {});
    });
  }

  close(): void {
    this.#socket.close();
  }
}

const rotated = <T>(list: readonly T[], by: number): T[] => list.map((_, i) => list[(i + by) % list.length]!);

/** Takes them in order, `atOnce` at a time. */
async function each<T>(
  all: readonly T[],
  atOnce: number,
  take: (one: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < all.length; index = next++) await take(all[index]!, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, all.length) }, work));
}

/** A load that goes on until it is stopped: users register again, `perSecond` of them, whatever the answers take. */
export class Load {
  readonly done: Registered[] = [];
  readonly #registrations: Registrations;
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #next = 0;
  #owed = 0;

  constructor(
    registrations: Registrations,
    users: readonly string[],
    ports: () => readonly number[],
    perSecond: number,
  ) {
    this.#registrations = registrations;
    let before = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#owed = Math.min(perSecond, this.#owed + ((now - before) * perSecond) / 1_000);
      before = now;
      for (; this.#owed >= 1; this.#owed--)
        this.#begin(users[this.#next % users.length]!, rotated(ports(), this.#next++));
    }, 10);
  }

  #begin(user: string, ports: readonly number[]): void {
    const one: Promise<void> = this.#registrations
      .register(user, ports)
      .then((registered) => void this.done.push(registered))
      .finally(() => this.#underWay.delete(one));
    this.#underWay.add(one);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }
}
