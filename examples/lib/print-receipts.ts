import type { HarborFetch } from '@harbor/core'

/** Prints one line for each call: its attempts, whose answer it is, and what it cost. */
export function printReceipts(fetch: Pick<HarborFetch, 'on'>): void {
  fetch.on('end', ({ receipt }) => {
    const attempts = receipt.attempts.map(({ target, failure }) => `${target} ${failure?.kind ?? 'ok'}`)
    console.log(`   ${attempts.join(' → ')}: ${receipt.outcome}, $${receipt.cost?.usd.toFixed(6) ?? '?'}`)
  })
}
