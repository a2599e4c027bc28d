// The lane program of a host whose records are in PostgreSQL: a file of its own, so that no other host loads the client library.
import { PostgresEngine } from '@chordial/storage/postgres';
import { laneProgramWith } from './lane-program.ts';

export default laneProgramWith((options) => new PostgresEngine(options));
