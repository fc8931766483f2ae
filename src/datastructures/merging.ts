// What may be merged with a mapping: another one. Pairs in an array are a list, of which `update` takes what it can; merging
// gives something of the same kind as both, and is the same thing in every mapping here.

/** @throws TypeError for an array */
export function checkMergeable(items: unknown): void {
  if (Array.isArray(items)) throw new TypeError("An array is nothing to merge with; update() takes pairs")
}
