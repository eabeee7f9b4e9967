/** Returns the same random numbers from 0 to 1 for the same seed (Lehmer's generator). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}
