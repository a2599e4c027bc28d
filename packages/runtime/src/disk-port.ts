// The disk port of a lane: files in one directory, each request answered only when it is durable (fsync(2)). Requests for one file
// are carried out in the order in which they came on this lane; a file belongs to one lane, so programs put the lane in its name.
import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address, Behaviour, Received, Typed } from '@chordial/actor';
import type { DiskEvent, DiskRequest } from '@chordial/actor/protocol';
import type { Inlet } from './udp-port.ts';

/** Requests under way per lane; beyond, new ones fail with EBUSY. */
const requestsMax = 1_024;
const readBytesMax = 16 * 1_024 * 1_024;
const fileName = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;
/** Ends the name of a file that is being replaced; no file name of a request can end so. */
const unfinished = '~';

export interface DiskPort {
  readonly behaviour: Behaviour<undefined, DiskRequest, undefined>;
  underWayCount(): number;
}

export function createDiskPort(inlet: Inlet, directory: string | undefined): DiskPort {
  const lastOfFile = new Map<string, Promise<void>>();
  let underWay = 0;

  async function carryOut(request: DiskRequest, bytes: Uint8Array): Promise<DiskEvent> {
    const { correlation } = request;
    const path = join(directory!, request.file);
    if (request.type === 'read-file') return readPart(path, request);
    if (request.type === 'append-file') {
      await using(await open(path, 'a'), (file) => append(file, bytes));
      return { type: 'disk-done', correlation };
    }
    await using(await open(`${path}${unfinished}`, 'w'), async (file) => {
      await file.writeFile(bytes);
      await file.sync();
    });
    await rename(`${path}${unfinished}`, path);
    await syncDirectory();
    return { type: 'disk-done', correlation };
  }

  async function append(file: FileHandle, bytes: Uint8Array): Promise<void> {
    const { size } = await file.stat();
    try {
      await file.writeFile(bytes);
      await file.sync();
    } catch (failure) {
      // No half of a record stays behind on a full disk.
      await file.truncate(size).catch(() => {});
      throw failure;
    }
    // The name of a new file is durable only with its directory.
    if (size === 0) await syncDirectory();
  }

  const syncDirectory = async (): Promise<void> => using(await open(directory!, 'r'), (folder) => folder.sync());

  function refusal(request: DiskRequest): DiskEvent | undefined {
    const { correlation } = request;
    const fail = (code: string, sentence: string): DiskEvent => ({ type: 'disk-failed', correlation, code, sentence });
    if (directory === undefined) return fail('ENOENT', 'this host was started without a directory for its files');
    if (!fileName.test(request.file)) return fail('EINVAL', `'${request.file.slice(0, 40)}' is not a file name`);
    if (request.type === 'read-file' && !(request.bytesMax >= 0 && request.offset >= 0)) {
      return fail('EINVAL', 'offset and bytesMax of a read are not negative');
    }
    if (underWay >= requestsMax) return fail('EBUSY', `${requestsMax} disk requests are under way`);
    return undefined;
  }

  function step(_: undefined, { message: request }: Received<DiskRequest>): void {
    const replyTo = request.replyTo as Address<DiskEvent> as Address<Typed>;
    const answer = (event: DiskEvent) => {
      inlet.deliver(replyTo, event);
      inlet.turnSoon();
    };
    const refused = refusal(request);
    if (refused !== undefined) {
      answer(refused);
      return;
    }
    underWay++;
    // The bytes are only lent for this turn; `slice` of a Buffer would not copy them.
    const bytes =
      request.type === 'read-file'
        ? new Uint8Array(0)
        : new Uint8Array(request.bytes.subarray(request.start, request.end));
    const before = lastOfFile.get(request.file) ?? Promise.resolve();
    const done = before
      .then(() => carryOut(request, bytes))
      .catch((error: NodeJS.ErrnoException): DiskEvent => {
        return {
          type: 'disk-failed',
          correlation: request.correlation,
          code: error.code ?? 'EUNKNOWN',
          sentence: error.message,
        };
      })
      .then((event) => {
        underWay--;
        if (lastOfFile.get(request.file) === done) lastOfFile.delete(request.file);
        answer(event);
      });
    lastOfFile.set(request.file, done);
  }

  return {
    behaviour: {
      name: 'disk-port',
      mailbox: { messagesMax: requestsMax, overflow: 'drop-newest' },
      init: () => undefined,
      step,
    },
    underWayCount: () => underWay,
  };
}

async function readPart(path: string, request: Extract<DiskRequest, { type: 'read-file' }>): Promise<DiskEvent> {
  const { correlation, offset } = request;
  try {
    const bytes = new Uint8Array(Math.min(request.bytesMax, readBytesMax));
    const read = await using(await open(path, 'r'), (file) => file.read(bytes, 0, bytes.length, offset));
    return { type: 'file-read', correlation, bytes, start: 0, end: read.bytesRead };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { type: 'file-read', correlation, bytes: new Uint8Array(0), start: 0, end: 0 };
  }
}

async function using<T>(file: FileHandle, work: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
