// The public face of the location service; its words are in `@chordial/location/protocol`.
export { location } from './behaviour.ts';
export { bindingsTable } from './busy-users.ts';
export { contactsMatch } from './contact-match.ts';
export { bindingsOf, mergeBindings } from './record-value.ts';
export { defaultLocationConfig, type LocationConfig, type LocationState } from './state.ts';
export { usersShareOf } from './users-share.ts';
