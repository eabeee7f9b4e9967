import type { ShownReceipt } from '../receipt.ts'
import { h } from './dom.ts'
import { duration, percent } from './format.ts'
import type { Longest } from './longest.ts'

/** Describes a call in one or two sentences: how it ended, and what took the most time. */
export function summaryOf(
  receipt: ShownReceipt,
  longest: Longest | undefined,
  total: number,
): (string | Node)[] {
  const sentence = endOf(receipt, total)
  if (!longest || receipt.outcome === 'pending') return [sentence]
  const isAll = longest.share > 0.995
  return [
    sentence,
    ' Most of the time: ',
    h('strong', {}, longest.words),
    isAll ? '.' : `, ${percent(longest.share)} (${duration(longest.ms)}).`,
  ]
}

function endOf(receipt: ShownReceipt, total: number): string {
  const { outcome, attempts, target, cache, degraded } = receipt
  const time = duration(total)
  if (outcome === 'pending') return `In flight for ${time}.`
  if (outcome === 'aborted') return `Aborted by its caller after ${time}.`
  const failed = attempts.filter(({ failure }) => failure).length
  if (outcome === 'failure') {
    return `Failed after ${time}${attempts.length === 0 ? ', without a request' : ''}${failedWords(receipt)}.`
  }
  if (degraded) return `No target answered; the caller got a substitute after ${time}.`
  if (cache?.status === 'hit' || cache?.status === 'stale') return `Answered from the cache in ${time}.`
  if (cache?.status === 'shared') return `Shared the answer to an identical call, after ${time}.`
  return `Answered by ${target} in ${time}${failed > 0 ? `, after ${failed} failed ${failed === 1 ? 'attempt' : 'attempts'}` : ''}.`
}

function failedWords({ failure }: ShownReceipt): string {
  if (!failure) return ''
  const { kind, status, code, clock } = failure
  const facts = [status, code === kind ? undefined : code, clock && `${clock} timeout`].filter(
    (fact) => fact !== undefined,
  )
  return `: ${kind}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}`
}
