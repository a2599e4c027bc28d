// Any message from its parts. What would break a line out of its place (CR, LF, a name that is no token) is refused, so a value
// that came from outside cannot become a header.

import { ParseError } from './errors.ts';
import { limits } from './limits.ts';

export type MessageStart =
  | { readonly method: string; readonly uri: string }
  | { readonly statusCode: number; readonly reason: string };

const namePattern = /^[a-zA-Z0-9!%*_+`'~.-]+$/;

function startLineOf(start: MessageStart): string | ParseError {
  if ('method' in start) {
    if (!namePattern.test(start.method)) return new ParseError('start-line', 0, 'the method is not a token');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
    if (start.uri === '' || /[\x00-\x20\x7f]/.test(start.uri))
      return new ParseError('Request-URI', 0, 'the URI is empty or holds white space');
    return `${start.method} ${start.uri} SIP/2.0\r\n`;
  }
  const { statusCode, reason } = start;
  if (!Number.isInteger(statusCode) || statusCode < 100 || statusCode > 699)
    return new ParseError('start-line', 0, 'the status code is not from 100 to 699');
  return /[\r\n]/.test(reason)
    ? new ParseError('start-line', 0, 'the reason holds a line end')
    : `SIP/2.0 ${statusCode} ${reason}\r\n`;
}

/**
 * The octets of a message. `headers` are names and values in order; Content-Length is added, and must not be among them.
 */
export function serializeMessage(
  start: MessageStart,
  headers: readonly (readonly [name: string, value: string])[],
  body: Uint8Array = new Uint8Array(0),
): Uint8Array | ParseError {
  let text = startLineOf(start);
  if (text instanceof ParseError) return text;
  for (const [name, value] of headers) {
    if (!namePattern.test(name)) return new ParseError('header', text.length, 'a header name is not a token');
    if (/[\r\n]/.test(value)) return new ParseError(name, text.length, 'the value holds a line end');
    const lower = name.toLowerCase();
    if (lower === 'content-length' || lower === 'l')
      return new ParseError(name, text.length, 'this header is added by the serializer');
    text += `${name}: ${value}\r\n`;
  }
  const head = Buffer.from(`${text}Content-Length: ${body.length}\r\n\r\n`, 'utf8');
  if (head.length + body.length > limits.messageBytesMax) {
    return new ParseError('body', head.length, `the message is longer than ${limits.messageBytesMax} octets`, 513);
  }
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}
