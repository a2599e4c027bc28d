// Who may use the interface for operators. A page in a browser reaches loopback too, under a name of its own that it lets point there (DNS
// rebinding): so only addresses and `localhost` are answered, but for what monitoring reads. Files are read and written for this machine only.
import { realpathSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { MiddlewareHandler } from 'hono';
import { isLoopback } from './endpoint.ts';

/** Numbers that are read under any name. */
const openPaths: readonly string[] = ['/healthz', '/metrics'];

export const onlyByAddress: MiddlewareHandler = async (context, next) => {
  const host = context.req.header('host') ?? new URL(context.req.url).host;
  if (isAddressed(host) || (context.req.method === 'GET' && openPaths.includes(context.req.path))) return next();
  const error = `expected an address or localhost, read '${host.slice(0, 100)}': names are refused, as any web page can make its own point here`;
  return context.json({ error }, 403);
};

/** `ADDR`, `ADDR:PORT` with IPv6 in brackets, `localhost`, `localhost:PORT`. */
export function isAddressed(host: string): boolean {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(host) ?? [];
  if (bracketed !== undefined) return isIP(bracketed) === 6;
  return isIP(plain) === 4 || plain.toLowerCase() === 'localhost';
}

export const onlyFromHere: MiddlewareHandler = async (context, next) => {
  const { incoming } = (context.env ?? {}) as { readonly incoming?: IncomingMessage };
  const from = incoming?.socket.remoteAddress?.replace(/^::ffff:/, '');
  if (from !== undefined && isLoopback(from)) return next();
  const error = `backup and restore work with files of this machine: run them here, where the interface is on a loopback address (asked from ${from ?? 'nowhere'})`;
  return context.json({ error }, 403);
};

/** What is wrong with a file that is to be written, in a sentence: the directory of the host is its own. */
export function placeFault(file: string, data: string | undefined): string | undefined {
  if (data === undefined) return undefined;
  const kept = realOf(data);
  const real = join(realOf(dirname(file)), basename(file));
  if (real !== kept && !real.startsWith(kept + sep)) return undefined;
  return `${file} is inside --data ${data}, which the host keeps for itself: name a file elsewhere`;
}

function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}
