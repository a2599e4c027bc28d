// How the other commands ask a running host: one request over HTTP, with errors that say what to do next.
import { type Endpoint, endpointText } from './endpoint.ts';

const answerMsMax = 20_000;

/** The host did not answer, or refused; the message is for the operator. */
export class ControlFault extends Error {
  override readonly name = 'ControlFault';
}

/** Asks `path` (with its query) of the host at `control` and returns the JSON of its answer. */
export async function askHost<T>(control: Endpoint, path: string): Promise<T> {
  const response = await call(control, path, { signal: AbortSignal.timeout(answerMsMax) });
  return (await response.json()) as T;
}

/** Sends JSON to `path` and returns the JSON of the answer. */
export async function sendHost<T>(
  control: Endpoint,
  method: 'PUT' | 'POST' | 'DELETE',
  path: string,
  body: object,
  withinMs = answerMsMax,
): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const text = JSON.stringify(body);
  const response = await call(control, path, { method, headers, body: text, signal: AbortSignal.timeout(withinMs) });
  return (await response.json()) as T;
}

/** Posts to `path`; each line of the answer is JSON. */
export async function* tellHost<T>(control: Endpoint, path: string): AsyncGenerator<T> {
  const response = await call(control, path, { method: 'POST', headers: { 'content-type': 'application/json' } });
  let rest = '';
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as T;
  }
}

async function call(control: Endpoint, path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`http://${endpointText(control)}${path}`, init);
  } catch (failure) {
    const code = ((failure as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (failure as Error).message;
    throw new ControlFault(
      `no host answers at ${endpointText(control)} (${code}). Start one with \`chordial up\`, or say where it is with --control ADDR:PORT.`,
    );
  }
  if (response.ok) return response;
  const body = (await response.json().catch(() => ({}))) as { error?: string };
  throw new ControlFault(body.error ?? `the host answered ${response.status}`);
}
