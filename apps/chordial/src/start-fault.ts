/** The host could not start; the message says why and what to do. */
export class StartFault extends Error {
  override readonly name = 'StartFault';
}
