/*
 * An invalidated tag is written into the far tier as the moment of its invalidation, under a name of its own: entries with this
 * tag that were born before are dead, in every process that shares the store. It needs no index, so any store can do it.
 */

const FORM = /^harbor-stamp (\d+(?:\.\d+)?)$/

export function sealStamp(at: number): Uint8Array {
  return new TextEncoder().encode(`harbor-stamp ${at}`)
}

/** @returns when the tag was invalidated; never, if there is no stamp; just now and always, if it cannot be read */
export function openStamp(stamp: unknown): number {
  if (stamp === undefined || stamp === null) return -Infinity
  if (!(stamp instanceof Uint8Array)) return Infinity
  const [, at] = FORM.exec(new TextDecoder().decode(stamp)) ?? []
  return at === undefined ? Infinity : Number(at)
}
