// The link of one lane to one other host. Messages are staged in large pieces of memory and leave one piece per socket write, so that a turn is a
// write, and all that gathers during a write is the next one. A link is opened by the first message, told to be down when it is silent
// about a ping, and opened again, after a pause that doubles, when there is something to send.
import type { Call } from './host-dialer.ts';
import { callHost } from './host-dialer.ts';
import {
  frameHeaderBytes,
  frameOf,
  kindMessage,
  kindPing,
  kindPong,
  recordBytesMax,
  writeFrameHeader,
} from './host-frames.ts';
import type { Hello } from './host-greeting.ts';
import type { HostIdentity } from './host-identity.ts';
import type { RingHost } from './ring-options.ts';
import { type WireMemory, wireMemory } from './wire.ts';

/** Bytes that may wait for a link, in our memory and in the socket's. */
export const queueBytesMax = 4 * 1_024 * 1_024;
const pieceBytes = 256 * 1_024;
const piecesKeptMax = 16;
const callDeadlineMs = 3_000;
const silenceMsMax = 3_000;
/** From here on a link is told to be silent, while it is still open: other ways to the host can be looked for. */
const suspicionMsMin = 500;
const idleMsMax = 1_000;
const backoffMsMin = 50;
const backoffMsMax = 1_000;
/** For what the socket of a former life still has, in case that life goes on. */
const farewellMsMax = 1_000;

/** Memory that links write to, used again. */
export class PiecePool {
  readonly #free: WireMemory[] = [];

  take(): WireMemory {
    return this.#free.pop() ?? wireMemory(Buffer.allocUnsafeSlow(pieceBytes));
  }

  give(piece: WireMemory): void {
    if (this.#free.length < piecesKeptMax) this.#free.push(piece);
  }
}

interface Piece {
  readonly memory: WireMemory;
  bytes: number;
  messages: number;
}

export interface LinkOptions {
  readonly identity: HostIdentity;
  readonly token: string;
  readonly pieces: PiecePool;
  clock(): number;
  hello(): Hello;
}

export interface LinkEvents {
  linked(): void;
  unlinked(code: string, sentence: string): void;
  wrote(bytes: number): void;
  lost(messages: number): void;
}

export class HostLink {
  /** Where the next call goes. */
  route: RingHost;
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  #staged: Piece[] = [];
  #stagedBytes = 0;
  #writing: Piece | undefined;
  #call: Call | undefined;
  #giveUp: (() => void) | undefined;
  /** Counts calls, so that what happens to one is not taken for the fate of the next. */
  #attempt = 0;
  #failures = 0;
  #retryAt = 0;
  #openedAt = 0;
  #pingedAt: number | undefined;
  #heardAt = 0;
  #wroteSincePing = false;
  #isSilent = false;

  constructor(route: RingHost, options: LinkOptions, events: LinkEvents) {
    this.route = route;
    this.#options = options;
    this.#events = events;
  }

  get isUp(): boolean {
    return this.#call !== undefined;
  }

  /** Up, and the last ping was answered or is young. */
  get isSound(): boolean {
    return this.isUp && !this.#isSilent;
  }

  /** Nothing waits on a link that is up. */
  get isQuiet(): boolean {
    return this.#call === undefined || (this.#stagedBytes === 0 && this.#writing === undefined);
  }

  /**
   * Stages a frame whose record `write` puts into memory from an offset on, at most `sizeMax` bytes; it returns its length. False when the
   * link is down or has no room.
   */
  post(sizeMax: number, flags: number, write: (memory: WireMemory, at: number) => number): boolean {
    const need = frameHeaderBytes + sizeMax;
    if (sizeMax > recordBytesMax || this.#stagedBytes + (this.#writing?.bytes ?? 0) + need > queueBytesMax)
      return false;
    if (this.#call === undefined && this.#giveUp === undefined) {
      if (this.#options.clock() < this.#retryAt) return false;
      this.#open();
    }
    const piece = this.#pieceFor(need);
    const length = write(piece.memory, piece.bytes + frameHeaderBytes);
    writeFrameHeader(piece.memory.bytes, piece.bytes, kindMessage, flags, length);
    piece.bytes += frameHeaderBytes + length;
    piece.messages++;
    this.#stagedBytes += frameHeaderBytes + length;
    return true;
  }

  /** Gives the oldest piece to the socket, unless it still has the one before. */
  flush(): void {
    if (this.#call === undefined || this.#writing !== undefined) return;
    const piece = this.#staged.shift();
    if (piece === undefined) return;
    const call = this.#call;
    this.#writing = piece;
    this.#stagedBytes -= piece.bytes;
    this.#wroteSincePing = true;
    this.#events.wrote(piece.bytes);
    call.socket.write(piece.memory.bytes.subarray(0, piece.bytes), () => {
      // After a break the piece was given up, since the socket may still look at it.
      if (this.#call !== call) return;
      this.#options.pieces.give(piece.memory);
      this.#writing = undefined;
      this.flush();
    });
  }

  /** Several times a second. `pardonMs` is for how long this host itself stood still. */
  tick(now: number, pardonMs: number): void {
    const call = this.#call;
    if (call === undefined) return;
    if (this.#pingedAt !== undefined) {
      this.#pingedAt += pardonMs;
      const silenceMs = now - this.#pingedAt;
      if (silenceMs > silenceMsMax) this.break('ETIMEDOUT', `no answer for ${silenceMsMax} ms`);
      else if (silenceMs > suspicionMsMin && !this.#isSilent) {
        this.#isSilent = true;
        this.#events.unlinked('silent', `no answer for ${suspicionMsMin} ms; the link is still open`);
      }
    } else if (this.#wroteSincePing || now - this.#heardAt > idleMsMax) {
      this.#pingedAt = now;
      this.#wroteSincePing = false;
      call.socket.write(frameOf(kindPing));
    }
    if (this.#failures > 0 && now - this.#openedAt > backoffMsMax) this.#failures = 0;
  }

  /** Opens a link that is down, with nothing to send yet, unless its pause lasts. */
  tryOpening(): void {
    if (this.#call === undefined && this.#giveUp === undefined && this.#options.clock() >= this.#retryAt) this.#open();
  }

  /** The other host called, from a process that began at `life`: what leads to an earlier one is left, and a link that is down may be tried at once. */
  outlived(life: number): void {
    if (this.#call !== undefined && this.#call.welcome.life < life) this.#callAnew();
    else if (this.#giveUp === undefined) this.#retryAt = 0;
  }

  /**
   * The other process was replaced by a later one, and the former had begun by `life`: lives are told a little later than processes begin. A link
   * that was opened to the later one stays; a call under way is made again, as nobody knows which of the two it reached.
   */
  leaveLife(life: number): void {
    if (this.#giveUp !== undefined || (this.#call !== undefined && Math.floor(this.#call.welcome.life) <= life))
      this.#callAnew();
    else this.#retryAt = 0;
  }

  /** Ends the link as one that broke; it is tried again. */
  break(code: string, sentence: string): void {
    this.#call?.cut();
    this.#ended(code, sentence);
  }

  /** Ends it for good and says nothing. What was given to the socket is still sent. */
  close(): void {
    this.#giveUp?.();
    this.#call?.socket.destroySoon();
    this.#forget();
  }

  /** A route that leads elsewhere: a link that is down may be tried at once. */
  reroute(route: RingHost): void {
    const before = this.route;
    this.route = route;
    if (before.fingerprint !== route.fingerprint) {
      this.#giveUp?.();
      this.#call?.cut();
      this.#forget();
    }
    if (before.address !== route.address || before.port !== route.port) this.#retryAt = 0;
  }

  /** What waits is kept for the new call; what the socket had is lost, unless its other end was there after all. */
  #callAnew(): void {
    const call = this.#call;
    this.#giveUp?.();
    call?.socket.destroySoon();
    if (call !== undefined) setTimeout(call.cut, farewellMsMax).unref();
    const waiting = this.#staged;
    const waitingBytes = this.#stagedBytes;
    this.#staged = [];
    this.#forget();
    this.#staged = waiting;
    this.#stagedBytes = waitingBytes;
    this.#failures = 0;
    this.#retryAt = 0;
    if (call !== undefined) this.#events.unlinked('former-life', 'the host was started again');
    if (waiting.length > 0) this.tryOpening();
  }

  #open(): void {
    const { identity, token, hello } = this.#options;
    const { host, fingerprint } = this.route;
    const attempt = ++this.#attempt;
    this.#giveUp = callHost(
      { to: this.route, identity, token, hello: hello(), expected: { host, fingerprint }, deadlineMs: callDeadlineMs },
      {
        opened: (call) => {
          this.#giveUp = undefined;
          this.#call = call;
          this.#openedAt = this.#heardAt = this.#options.clock();
          this.#pingedAt = undefined;
          this.#wroteSincePing = false;
          this.#events.linked();
          this.flush();
        },
        ended: (code, sentence) => {
          if (attempt === this.#attempt) this.#ended(code, sentence);
        },
        take: (kind) => {
          if (attempt !== this.#attempt) return true;
          this.#heardAt = this.#options.clock();
          if (kind !== kindPong) return true;
          this.#pingedAt = undefined;
          if (this.#isSilent) this.#events.linked();
          this.#isSilent = false;
          return true;
        },
      },
    );
  }

  #ended(code: string, sentence: string): void {
    const pause = Math.min(backoffMsMax, backoffMsMin * 2 ** this.#failures++);
    this.#retryAt = this.#options.clock() + pause * (0.5 + Math.random() / 2);
    this.#forget();
    this.#events.unlinked(code, sentence);
  }

  #forget(): void {
    this.#attempt++;
    const lost = this.#staged.reduce((sum, { messages }) => sum + messages, this.#writing?.messages ?? 0);
    for (const { memory } of this.#staged) this.#options.pieces.give(memory);
    this.#staged = [];
    this.#stagedBytes = 0;
    this.#writing = undefined;
    this.#call = undefined;
    this.#giveUp = undefined;
    this.#isSilent = false;
    if (lost > 0) this.#events.lost(lost);
  }

  #pieceFor(need: number): Piece {
    const last = this.#staged.at(-1);
    if (last !== undefined && last.bytes + need <= pieceBytes) return last;
    const piece = { memory: this.#options.pieces.take(), bytes: 0, messages: 0 };
    this.#staged.push(piece);
    return piece;
  }
}
