// Where things lie inside a message: pairs of octet positions, filled by the scanners and reused from one message to the
// next, so that a peek allocates nothing. An absent part has start === end (or -1 where a comment says so).

/** One URI. `scheme` 1 is sip, 2 is sips, 0 any other (then only start and end are known). */
export class UriSlice {
  start = 0;
  end = 0;
  scheme = 0;
  userStart = 0;
  userEnd = 0;
  hostStart = 0;
  hostEnd = 0;
  /** 0 when the URI names none. */
  port = 0;
  /** First `;` of the parameters, or -1. */
  parametersStart = -1;
  /** The `?` before the headers, or -1. */
  headersStart = -1;
  /** User and host are canonical as they stand: nothing escaped, no capital in the host. */
  plain = true;

  clear(): void {
    this.start = 0;
    this.end = 0;
    this.scheme = 0;
    this.userStart = 0;
    this.userEnd = 0;
    this.hostStart = 0;
    this.hostEnd = 0;
    this.port = 0;
    this.parametersStart = -1;
    this.headersStart = -1;
    this.plain = true;
  }
}

/** From or To: a name-addr or addr-spec and its tag. */
export class AddressSlice {
  lineStart = 0;
  /** End of the value, trailing white space left out. 0 when the header is absent. */
  valueEnd = 0;
  readonly uri: UriSlice = new UriSlice();
  tagStart = 0;
  tagEnd = 0;

  clear(): void {
    this.lineStart = 0;
    this.valueEnd = 0;
    this.tagStart = 0;
    this.tagEnd = 0;
    this.uri.clear();
  }
}

/** The topmost Via value. */
export class ViaSlice {
  start = 0;
  end = 0;
  transportStart = 0;
  transportEnd = 0;
  hostStart = 0;
  hostEnd = 0;
  port = 0;
  branchStart = 0;
  branchEnd = 0;
  /** The whole parameter `;received=...`, so that a writer can leave a forged one out. */
  receivedParameterStart = 0;
  receivedStart = 0;
  receivedEnd = 0;
  /** Where `rport`'s name ends; -1 when there is no rport. */
  rportNameEnd = -1;
  rportStart = 0;
  rportEnd = 0;
  /** The parameter `rk`: the ring key a peer of ours put there. */
  ringKeyStart = 0;
  ringKeyEnd = 0;

  clear(): void {
    this.start = 0;
    this.end = 0;
    this.transportStart = 0;
    this.transportEnd = 0;
    this.hostStart = 0;
    this.hostEnd = 0;
    this.port = 0;
    this.branchStart = 0;
    this.branchEnd = 0;
    this.receivedParameterStart = 0;
    this.receivedStart = 0;
    this.receivedEnd = 0;
    this.rportNameEnd = -1;
    this.rportStart = 0;
    this.rportEnd = 0;
    this.ringKeyStart = 0;
    this.ringKeyEnd = 0;
  }
}

/** The parameter scanned last, and what stopped a scanner that returned -1. */
export class ScanResult {
  nameStart = 0;
  nameEnd = 0;
  /** -1 when the parameter has no value. */
  valueStart = -1;
  valueEnd = -1;
  problem = '';
  problemOffset = 0;
  /** Of the host scanned last. */
  capital = false;
  /** The port scanned last. */
  number = 0;

  fail(offset: number, problem: string): -1 {
    this.problem = problem;
    this.problemOffset = offset;
    return -1;
  }
}
