// The public face of sip-transport: the behaviour for a host's wiring, and the pure rules of RFC 3261 18.2 and RFC 3581.
export { type SipTransportConfig, sipTransport } from './behaviour.ts';
export { receivedOf, responseFlow } from './response-flow.ts';
export { StatelessResponder } from './stateless-responder.ts';
