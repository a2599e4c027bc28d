// How the other commands ask a running host: one GET over HTTP, with errors that say what to do next.
import { type Endpoint, endpointText } from './endpoint.ts';

const answerMsMax = 10_000;

/** The host did not answer, or refused; the message is for the operator. */
export class ControlFault extends Error {
  override readonly name = 'ControlFault';
}

/** Asks `path` (with its query) of the host at `control` and returns the JSON of its answer. */
export async function askHost<T>(control: Endpoint, path: string): Promise<T> {
  const url = `http://${endpointText(control)}${path}`;
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(answerMsMax) });
  } catch (failure) {
    const code = ((failure as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (failure as Error).message;
    throw new ControlFault(
      `no host answers at ${endpointText(control)} (${code}). Start one with \`chordial up\`, or say where it is with --control ADDR:PORT.`,
    );
  }
  const body = (await response.json().catch(() => ({}))) as T & { error?: string };
  if (!response.ok) throw new ControlFault(body.error ?? `the host answered ${response.status}`);
  return body;
}
