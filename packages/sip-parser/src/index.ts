// @chordial/sip-parser: SIP messages from octets. Types of header values, results and frames: `@chordial/sip-parser/headers`.

export { ParseError } from './errors.ts';
export { limits } from './limits.ts';
export { SipMessage } from './message.ts';
export { parseMessage } from './parse.ts';
export { Peek } from './peek.ts';
export { parseUri } from './read-uri.ts';
export { type ResponseParts, writeResponse } from './response-writer.ts';
export { hashSubject, ringKeyOf } from './ring-subject.ts';
export { peek } from './scan-message.ts';
export { serializeMessage } from './serializer.ts';
export { StreamFramer } from './stream-framer.ts';
export { aorOf, SipUri } from './uri.ts';
