// What a router needs to know of a message, read from its octets in one pass and kept as positions. One Peek is reused for
// message after message; a string is made only when a getter is asked for it. The octets must stay as they are while the
// getters are used.
//
//   REGISTER sip:example.com SIP/2.0        requestUri
//   Via: SIP/2.0/UDP 192.0.2.4;branch=..    via (topmost value), viaLines
//   From: .. To: ..                         from, to (AddressSlice: uri, tag)
//   Call-ID: .. CSeq: .. Contact: ..        positions
//                                           bodyStart .. bodyEnd

import { canonicalHost, canonicalUser } from './canonical.ts';
import type { ParseError } from './errors.ts';
import { limits } from './limits.ts';
import { methodText } from './methods.ts';
import { latin1Text, utf8Text } from './octets.ts';
import { firstListValueEnd, uriParameter } from './slice-parts.ts';
import { AddressSlice, ScanResult, UriSlice, ViaSlice } from './slices.ts';

export type AddressField = 'request-uri' | 'from' | 'to';

const empty = new Uint8Array(0);
const emptyView = new DataView(empty.buffer);

export class Peek {
  bytes: Uint8Array = empty;
  /** Over the same octets as `bytes`, for scanners that read four at a time; made anew only for another array. */
  view: DataView = emptyView;
  /** Where the start line begins (empty lines before it are skipped), and where the octets given end. */
  start = 0;
  end = 0;
  kind: 'request' | 'response' = 'request';
  /** Of a request; interned for known methods. '' in a response. */
  method = '';
  /** Of a response; 0 in a request. */
  statusCode = 0;
  cseqNumber = -1;
  /** -1 when absent. */
  maxForwards = -1;
  /** -1 when absent. */
  contentLength = -1;
  hasRequire = false;
  hasProxyRequire = false;
  /** First octet after the blank line, and the end of the body (by Content-Length; without one, all that follows). */
  bodyStart = 0;
  bodyEnd = 0;
  /** The first thing found wrong, when `peek` returned false. */
  error: ParseError | undefined = undefined;
  /** `peek` returned false only because octets are missing at the end. */
  needMore = false;

  readonly requestUri: UriSlice = new UriSlice();
  readonly via: ViaSlice = new ViaSlice();
  readonly from: AddressSlice = new AddressSlice();
  readonly to: AddressSlice = new AddressSlice();
  /** Start and value end of each Via line, in order. */
  readonly viaLines: Int32Array = new Int32Array(2 * limits.viaLinesCountMax);
  viaLinesCount = 0;
  methodStart = 0;
  methodEnd = 0;
  callIdLineStart = 0;
  callIdStart = 0;
  callIdEnd = 0;
  cseqLineStart = 0;
  cseqMethodStart = 0;
  /** Also the end of the CSeq value. */
  cseqMethodEnd = 0;
  contactStart = -1;
  contactEnd = -1;
  routeStart = -1;
  routeEnd = -1;
  headersCount = 0;
  readonly scan: ScanResult = new ScanResult();

  clear(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.kind = 'request';
    this.method = '';
    this.statusCode = 0;
    this.cseqNumber = -1;
    this.maxForwards = -1;
    this.contentLength = -1;
    this.hasRequire = false;
    this.hasProxyRequire = false;
    this.bodyStart = end;
    this.bodyEnd = end;
    this.error = undefined;
    this.needMore = false;
    this.requestUri.clear();
    this.via.clear();
    this.from.clear();
    this.to.clear();
    this.viaLinesCount = 0;
    this.methodStart = 0;
    this.methodEnd = 0;
    this.callIdLineStart = 0;
    this.callIdStart = 0;
    this.callIdEnd = 0;
    this.cseqLineStart = 0;
    this.cseqMethodStart = 0;
    this.cseqMethodEnd = 0;
    this.contactStart = -1;
    this.contactEnd = -1;
    this.routeStart = -1;
    this.routeEnd = -1;
    this.headersCount = 0;
  }

  /** A response can be written to this request, whatever else is wrong with it (never to an ACK: RFC 3261 17). */
  get answerable(): boolean {
    return (
      this.kind === 'request' &&
      this.method !== '' &&
      this.method !== 'ACK' &&
      this.viaLinesCount > 0 &&
      this.via.hostEnd > 0 &&
      this.from.valueEnd > 0 &&
      this.to.valueEnd > 0 &&
      this.callIdEnd > 0 &&
      this.cseqMethodEnd > 0
    );
  }

  get uriText(): string {
    return utf8Text(this.bytes, this.requestUri.start, this.requestUri.end);
  }
  /** `UDP`, `TCP`, `TLS`, `WS`, ... in capitals. */
  get viaTransport(): string {
    return latin1Text(this.bytes, this.via.transportStart, this.via.transportEnd).toUpperCase();
  }
  /** As sent, brackets of IPv6 included. */
  get viaHost(): string {
    return latin1Text(this.bytes, this.via.hostStart, this.via.hostEnd);
  }
  /** 0 when the sent-by names no port. */
  get viaPort(): number {
    return this.via.port;
  }
  get viaBranch(): string {
    return utf8Text(this.bytes, this.via.branchStart, this.via.branchEnd);
  }
  get viaReceived(): string {
    return utf8Text(this.bytes, this.via.receivedStart, this.via.receivedEnd);
  }
  get hasRport(): boolean {
    return this.via.rportNameEnd >= 0;
  }
  get viaRport(): string {
    return latin1Text(this.bytes, this.via.rportStart, this.via.rportEnd);
  }
  get callId(): string {
    return utf8Text(this.bytes, this.callIdStart, this.callIdEnd);
  }
  get cseqMethod(): string {
    return this.cseqMethodEnd > 0 ? methodText(this.bytes, this.cseqMethodStart, this.cseqMethodEnd) : '';
  }
  /** '' when there is none. */
  get fromTag(): string {
    return utf8Text(this.bytes, this.from.tagStart, this.from.tagEnd);
  }
  /** '' when there is none; then the request is outside any dialog. */
  get toTag(): string {
    return utf8Text(this.bytes, this.to.tagStart, this.to.tagEnd);
  }
  /** The first value of the first Contact line, '' when there is none. */
  get contact(): string {
    if (this.contactStart < 0) return '';
    return utf8Text(this.bytes, this.contactStart, firstListValueEnd(this.bytes, this.contactStart, this.contactEnd));
  }
  /** The topmost Route value, '' when there is none. */
  get route(): string {
    if (this.routeStart < 0) return '';
    return utf8Text(this.bytes, this.routeStart, firstListValueEnd(this.bytes, this.routeStart, this.routeEnd));
  }
  /** The parameter `rk` that we wrote into our Record-Route (topmost Route of a request) or Via (topmost of a response); '' when there is none. */
  get carriedKey(): string {
    if (this.kind === 'response') return latin1Text(this.bytes, this.via.ringKeyStart, this.via.ringKeyEnd);
    return this.routeStart < 0 ? '' : uriParameter(this.bytes, this.routeStart, this.routeEnd, 'rk');
  }

  uriOf(field: AddressField): UriSlice {
    return field === 'to' ? this.to.uri : field === 'from' ? this.from.uri : this.requestUri;
  }
  /** Canonical user, '' when the URI has none or is neither sip nor sips. */
  userOf(field: AddressField): string {
    const uri = this.uriOf(field);
    return canonicalUser(this.bytes, uri.userStart, uri.userEnd, uri.plain);
  }
  /** Host in lower case, '' when the URI is neither sip nor sips. */
  hostOf(field: AddressField): string {
    const uri = this.uriOf(field);
    return canonicalHost(this.bytes, uri.hostStart, uri.hostEnd, uri.plain);
  }
  /** The canonical AoR `user@host`, or `host` alone when there is no user, or '' when the URI is neither sip nor sips. */
  aorOf(field: AddressField): string {
    const uri = this.uriOf(field);
    if (uri.userEnd === uri.userStart) return this.hostOf(field);
    // Canonical as it stands and no password between: one slice does.
    if (uri.plain && uri.userEnd + 1 === uri.hostStart) return latin1Text(this.bytes, uri.userStart, uri.hostEnd);
    return `${this.userOf(field)}@${this.hostOf(field)}`;
  }

  /** Which URI says where on the ring the message belongs (DESIGN section 8). */
  get subjectField(): 'request-uri' | 'to' {
    return this.method === 'REGISTER' || this.method === 'PUBLISH' ? 'to' : 'request-uri';
  }
  get subjectUri(): UriSlice {
    return this.subjectField === 'to' ? this.to.uri : this.requestUri;
  }
  get subjectUser(): string {
    return this.userOf(this.subjectField);
  }
  get subjectHost(): string {
    return this.hostOf(this.subjectField);
  }
}
