// The disk port of a simulated lane: requests for one file are carried out in order, each answered when it is durable, and all
// lanes of a host share its disk. Words in `@chordial/actor/protocol`.
import type { Address, Behaviour, Received, Typed } from '@chordial/actor';
import type { DiskEvent, DiskRequest } from '@chordial/actor/protocol';
import type { SimulatedLane } from './lane.ts';
import { lendCopy } from './words-book.ts';
import type { World } from './world.ts';

const requestsMax = 1_024;
const readBytesMax = 16 * 1_024 * 1_024;
const fileName = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

export class DiskPort {
  readonly behaviour: Behaviour<undefined, DiskRequest, undefined> = {
    name: 'disk-port',
    mailbox: { messagesMax: requestsMax, overflow: 'drop-newest' },
    init: () => undefined,
    step: (_, received) => this.#step(received),
  };
  readonly #world: World;
  readonly #lane: SimulatedLane;

  constructor(world: World, lane: SimulatedLane) {
    this.#world = world;
    this.#lane = lane;
  }

  #step({ message: request }: Received<DiskRequest>): void {
    const { disk } = this.#lane.host;
    if (!fileName.test(request.file)) {
      this.#fail(request, 'EINVAL', `'${request.file.slice(0, 40)}' is not a file name`);
      return;
    }
    if (disk.underWay >= requestsMax) {
      this.#fail(request, 'EBUSY', `${requestsMax} disk requests are under way`);
      return;
    }
    const at = disk.schedule(request.file);
    const { life } = disk;
    disk.underWay++;
    const carryOut = this.#prepare(request);
    this.#world.at(at, () => {
      if (disk.life !== life) return;
      disk.underWay--;
      carryOut();
    });
  }

  /** Takes over the request's bytes now; what it returns is done when the disk gets to it. */
  #prepare(request: DiskRequest): () => void {
    const { disk } = this.#lane.host;
    switch (request.type) {
      case 'append-file':
      case 'replace-file': {
        const write = {
          kind: request.type === 'append-file' ? ('append' as const) : ('replace' as const),
          file: request.file,
          bytes: request.bytes.slice(request.start, request.end),
        };
        disk.begin(write);
        return () => {
          const code = disk.commit(write);
          if (code !== undefined) this.#fail(request, code, `${code}: write ${request.file}`);
          else this.#answer(request, () => ({ type: 'disk-done', correlation: request.correlation }));
        };
      }
      case 'read-file':
        return () => {
          const found = disk.read(request.file, request.offset, Math.min(request.bytesMax, readBytesMax));
          this.#answer(request, () => {
            const view = lendCopy(found, 0, found.length);
            this.#lane.lend(view.bytes);
            return { type: 'file-read', correlation: request.correlation, ...view };
          });
        };
      default:
        return request satisfies never;
    }
  }

  #fail(request: DiskRequest, code: string, sentence: string): void {
    const { correlation } = request;
    this.#world.after(0, () => this.#answer(request, () => ({ type: 'disk-failed', correlation, code, sentence })));
  }

  #answer({ replyTo }: DiskRequest, event: () => DiskEvent): void {
    const lane = this.#lane;
    lane.arrive(() => lane.deliver(replyTo as Address<DiskEvent> as Address<Typed>, event()));
  }
}
