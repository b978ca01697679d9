// Owns the one hash of the data plane that is not a matter of trust: cohorts, splits, shards.

/** FNV-1a over UTF-16 code units, finished by murmur3's fmix32 so that near texts lie far apart; a uint32. */
export const fnv = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};

/** The text's point in [0, 1), in steps of 2^-32. */
export const unitPoint = (text: string): number => fnv(text) / 0x1_0000_0000;
