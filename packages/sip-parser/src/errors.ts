// What is wrong with a message, as a value. It names the field, the octet where reading stopped and says in one
// sentence what was expected, so that a 400's reason phrase and a log line can both be made of it.

/** `message`: the message cannot be used at all; `header`: only what this header says is unknown. */
export type Severity = 'message' | 'header';

export class ParseError {
  /** Canonical header name (`To`, `Content-Length`), or `start-line`, `Request-URI`, `header`, `body`. */
  readonly field: string;
  /** Octets from the start of the message. */
  readonly offset: number;
  readonly sentence: string;
  /** Status for the answer to a request (400, 505, 513); a response with an error is dropped. */
  readonly statusSuggested: number;
  readonly severity: Severity;

  constructor(field: string, offset: number, sentence: string, statusSuggested = 400, severity: Severity = 'header') {
    this.field = field;
    this.offset = offset;
    this.sentence = sentence;
    this.statusSuggested = statusSuggested;
    this.severity = severity;
  }

  toString(): string {
    return `${this.field} at octet ${this.offset}: ${this.sentence}`;
  }
}
