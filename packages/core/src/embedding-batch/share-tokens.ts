/**
 * Divides tokens in proportion to sizes. The shares are whole numbers and add up to `total`: shares are rounded down, and the remaining
 * tokens go to the shares with the largest fractions.
 * @param total a whole number of tokens
 * @param sizes the sizes of the members; none is negative
 */
export function shareTokens(total: number, sizes: readonly number[]): readonly number[] {
  const sum = sizes.reduce((all, size) => all + size, 0)
  const exact = sizes.map((size) => (sum === 0 ? total / sizes.length : (total * size) / sum))
  const shares = exact.map(Math.floor)
  const left = total - shares.reduce((all, share) => all + share, 0)
  const byLoss = exact
    .map((share, place) => ({ place, loss: share - Math.floor(share) }))
    .sort((one, other) => other.loss - one.loss)
  for (const { place } of byLoss.slice(0, Math.round(left))) shares[place] = (shares[place] ?? 0) + 1
  return shares
}
