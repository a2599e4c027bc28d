// What a store takes at most, whichever engine it has. Whoever asks for more is answered `invalid`.

/** 1..255. */
export const tableMax = 255;
export const nameCharactersMax = 1_024;
export const versionCharactersMax = 1_024;
export const valueCharactersMax = 32_768;
/** Records and removals, or names, in one job. */
export const recordsPerJobMax = 1_000;
/** A page of a scan ends with the record that takes it beyond this, so that it fits in what a lane can send. */
export const scanCharactersMax = 32_000;
