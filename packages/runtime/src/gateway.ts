// The gateway of a lane: the actor that stands for the world outside. The host asks questions through it (a message with `replyTo` and
// `correlation`, answered by one message with the same correlation) and hears reports: whatever else is sent to it.
import type { Address, Behaviour, Received, Typed } from '@chordial/actor';
import type { ByteView } from '@chordial/actor/protocol';

const questionsMax = 10_000;
/** Far from where actors begin to count, so that a report with a correlation of its own is not taken for an answer. */
const correlationMin = 2 ** 30;
const correlationMax = 2 ** 31;

interface Question {
  readonly answer: (message: Typed) => void;
  readonly reject: (failure: Error) => void;
  readonly timeout: NodeJS.Timeout;
}

export interface Gateway {
  readonly behaviour: Behaviour<undefined, Typed, undefined>;
  /** Sends `message` with `replyTo` and `correlation` filled in; rejects after `timeoutMs` without an answer. */
  ask(to: Address<Typed>, message: Typed, timeoutMs: number): Promise<Typed>;
  /** Rejects what still waits for an answer. */
  close(): void;
}

export function createGateway(
  self: () => Address<never>,
  deliver: (to: Address<Typed>, message: Typed) => void,
  report: (message: Typed) => void,
): Gateway {
  const questions = new Map<number, Question>();
  let correlationNext = correlationMin;

  function step(_: undefined, { message }: Received<Typed>): void {
    const { correlation } = message as { correlation?: unknown };
    const question = typeof correlation === 'number' ? questions.get(correlation) : undefined;
    if (question === undefined) {
      report(keepView(message));
      return;
    }
    questions.delete(correlation as number);
    clearTimeout(question.timeout);
    question.answer(keepView(message));
  }

  function ask(to: Address<Typed>, message: Typed, timeoutMs: number): Promise<Typed> {
    return new Promise((answer, reject) => {
      if (questions.size >= questionsMax) {
        reject(new Error(`${questionsMax} questions are waiting for an answer; ask again later`));
        return;
      }
      const correlation = correlationNext;
      correlationNext = correlationNext + 1 < correlationMax ? correlationNext + 1 : correlationMin;
      const timeout = setTimeout(() => {
        questions.delete(correlation);
        reject(new Error(`no answer to '${message.type}' within ${timeoutMs} ms`));
      }, timeoutMs);
      questions.set(correlation, { answer, reject, timeout });
      deliver(to, { ...message, replyTo: self(), correlation } as Typed);
    });
  }

  return {
    behaviour: {
      name: 'gateway',
      mailbox: { messagesMax: 65_536, overflow: 'drop-newest' },
      init: () => undefined,
      step,
    },
    ask,
    close: () => {
      for (const { reject, timeout } of questions.values()) {
        clearTimeout(timeout);
        reject(new Error('the lane is stopped'));
      }
      questions.clear();
    },
  };
}

/** A byte view ends with the turn, and a copy between threads would take all the memory behind it: keep only its bytes. */
function keepView(message: Typed): Typed {
  const { bytes, start, end } = message as unknown as Partial<ByteView>;
  if (!(bytes instanceof Uint8Array) || start === undefined || end === undefined) return message;
  const kept = new Uint8Array(bytes.subarray(start, end));
  return { ...message, bytes: kept, start: 0, end: kept.length } as Typed;
}
