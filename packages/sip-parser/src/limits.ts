// Every limit of the parser in one place. A message that passes one of these is refused before anything is
// allocated for it. The values: a UDP datagram carries at most 65,535 octets (RFC 3261 18.1.1); the counts are far above
// what a loop-free message needs (Max-Forwards starts at 70, RFC 3261 8.1.1.6).

export const limits = {
  /** Octets of a whole message, start line to end of body. */
  messageBytesMax: 65_535,
  /** Octets of the start line and headers, blank line included. */
  headersBytesMax: 32_768,
  /** Header lines in one message. */
  headersCountMax: 256,
  /** Via header lines in one message (each may list several values). */
  viaLinesCountMax: 128,
  /** CSeq numbers are below 2^31 (RFC 3261 8.1.1.5). */
  cseqMax: 2_147_483_647,
  /** Seconds in Expires and its kin are below 2^32 (RFC 3261 20.19). */
  secondsMax: 4_294_967_295,
  /** Max-Forwards is 0 to 255 (RFC 3261 20.22). */
  maxForwardsMax: 255,
  /** Values that one comma list may hold, over all its header lines. */
  listValuesCountMax: 256,
} as const;
