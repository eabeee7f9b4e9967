import type { ShownReceipt } from '../receipt.ts'
import { h } from './dom.ts'

/** How a call ended, as one word with a sign, so that the colour is never alone. */
interface OutcomeWord {
  readonly sign: string
  readonly word: string
  readonly style: 'good' | 'mixed' | 'bad' | 'quiet'
}

function outcomeOf(receipt: ShownReceipt): OutcomeWord {
  const { outcome, cache, degraded, attempts } = receipt
  if (outcome === 'pending') return { sign: '…', word: 'in flight', style: 'quiet' }
  if (outcome === 'aborted') return { sign: '⊘', word: 'aborted', style: 'quiet' }
  if (outcome === 'failure') return { sign: '✕', word: 'failed', style: 'bad' }
  if (degraded) return { sign: '◐', word: 'substitute', style: 'mixed' }
  if (cache?.status === 'hit' || cache?.status === 'stale')
    return { sign: '≡', word: cache.status === 'hit' ? 'cached' : 'stale', style: 'good' }
  if (cache?.status === 'shared') return { sign: '≡', word: 'shared', style: 'good' }
  const last = attempts.at(-1)
  if (attempts.some(({ reason }) => reason === 'fallback'))
    return { sign: '↷', word: 'fallback', style: 'mixed' }
  if (attempts.some(({ reason }) => reason === 'hedge')) return { sign: '⇉', word: 'hedged', style: 'mixed' }
  if (attempts.length > 1 && last?.reason === 'retry') return { sign: '↻', word: 'retried', style: 'mixed' }
  return { sign: '✓', word: 'answered', style: 'good' }
}

export function outcomeElement(receipt: ShownReceipt): HTMLElement {
  const { sign, word, style } = outcomeOf(receipt)
  return h(`span.outcome.${style}`, {}, h('span.sign', { 'aria-hidden': 'true' }, sign), word)
}
