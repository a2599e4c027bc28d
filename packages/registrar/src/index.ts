// The public face of the registrar; its words are in `@chordial/registrar/protocol`.
export { registrar } from './behaviour.ts';
export {
  defaultRegistrarLimits,
  type RegistrarConfig,
  type RegistrarLimits,
  type RegistrarState,
} from './registrar.ts';
