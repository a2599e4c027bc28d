// Every number of the membership in one place: how often, how long, how many. Milliseconds unless the name says otherwise.

export const peersPerPageMax = 512;
export const pagesPerLaneMax = 256;
/** Pages of all hosts together. */
export const pagesMax = 8_192;
export const hostsMax = 1_024;
/** Hosts with which the way there is known and nothing else: seeds, and hosts of the persisted file. */
export const contactsMax = 1_024;
export const lanesMax = 256;
export const watchersMax = 1_024;
export const localPeersMax = peersPerPageMax * pagesPerLaneMax;
/** Probes under way: own ones, and those on behalf of others. */
export const probesMax = 1_024;
/** A life above this is no wall-clock time. */
export const lifeMax = 2 ** 52;

/** Most opinions in a probe or an answer. */
export const opinionsPerProbeMax = 32;
/** A message to another host or lane is below about 64 KB: a peer takes some 60 bytes, a record some 250. */
export const peersPerMessageMax = 900;
export const itemsPerMessageMax = 128;
/** Most messages in answer to one comparison; the next comparison goes on. */
export const messagesPerAnswerMax = 32;
export const digestsPerMessageMax = 2_000;

export const beatMs = 250;
/** A lane that was not heard for this long is out of routing, and a host whose timers are this late counts as slow. */
export const silenceMsMax = 1_000;
/** A leader waits this long for its lanes before it speaks for them, so that one that was restarted does not call them lost. */
export const holdMs = 600;
export const tellMs = 50;
/** Who answered is not asked again within this because others call it silent. */
export const accusedAgainMs = 1_000;
/** Hearsay of more hosts than this at a time is asked about, and passed on only when it is true. */
export const accusationsPassedOnMax = 8;
export const deadProbeMs = 1_000;
export const rehintMs = 1_000;
/** In a quiet ring. */
export const rehintQuietMs = 10_000;
export const rehintForMs = 5_000;
export const timeoutMsMin = 300;
export const timeoutMsMax = 1_000;
export const indirectProbes = 3;
export const newsTargets = 3;
/** How long a host is remembered that is dead, has left, or never answered. */
export const forgetMs = 24 * 3_600_000;
/** A forgotten host is not taken back from others' memory for this long. */
export const forgottenMs = 3_600_000;
/** The direct way to a host behind a relay is tried again after this, doubling. */
export const directTrialMsMin = 2_000;
export const directTrialMsMax = 8_000;
export const leaveMsMax = 500;
/** A place that was given and not taken is free again after this. */
export const placeGivenMs = 10_000;
export const placesEarlierMax = 131_072;
export const waitersMax = 1_024;
export const persistMs = 1_000;
export const fileBytesMax = 4 * 1_024 * 1_024;
export const readMsMax = 2_000;
