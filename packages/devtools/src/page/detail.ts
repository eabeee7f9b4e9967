import type { Row } from '../feed/receipts.ts'
import type { ShownReceipt } from '../receipt.ts'
import { h, place } from './dom.ts'
import { count, duration, percent, usd } from './format.ts'
import { hopsOf, totalOf, type Hop } from './hops.ts'
import { failureWords, hopWords, longestOf, type Longest } from './longest.ts'
import { summaryOf } from './summary.ts'

/** What a row shows when it is unfolded: what happened in words, each hop on its own line, and the facts of the receipt. */
export function detailOf({ receipt }: Row, now: number, onCopy: () => void): HTMLElement {
  const total = totalOf(receipt, now)
  const hops = hopsOf(receipt, now)
  const longest = longestOf(receipt, hops, total)
  const copy = h('button.copy', { type: 'button' }, 'Copy as JSON')
  copy.addEventListener('click', onCopy)
  return h(
    'div.detail',
    { role: 'row', 'aria-level': 2 },
    h(
      'div',
      { role: 'gridcell' },
      h('p.summary', {}, ...summaryOf(receipt, longest, total)),
      waterfall(hops, total, longest),
      notesOf(receipt),
      h('div.foot', {}, factsOf(receipt), copy),
    ),
  )
}

function waterfall(hops: readonly Hop[], total: number, longest: Longest | undefined): HTMLElement {
  const ticks = [0, 0.25, 0.5, 0.75].map((share) =>
    place(h('span.tick', {}, h('span', {}, duration(share * total))), share, 0),
  )
  return h(
    'div.waterfall',
    {},
    h(
      'div.axis',
      {},
      h('span.what', {}),
      h('span.lane', {}, ...ticks),
      h('span.ms', {}),
      h('span.part-of', {}),
      h('span.why', {}),
    ),
    ...hops.map((hop) => {
      const isLongest = longest?.hops.includes(hop) === true
      return h(
        isLongest ? 'div.line.most' : 'div.line',
        {},
        h('span.what', {}, whatOf(hop)),
        h('span.lane', {}, place(h(`span.hop.${hop.kind}.whole`), hop.start / total, hop.ms / total)),
        h('span.ms', {}, duration(hop.ms)),
        h('span.part-of', {}, percent(Math.min(1, hop.ms / total))),
        h('span.why', {}, whyOf(hop)),
      )
    }),
  )
}

/** What a hop is: the target of an attempt, or what the call waited for. */
function whatOf({ kind, attempt }: Hop): string {
  if (!attempt) return kind === 'cache' || kind === 'other' ? hopWords(kind) : `wait: ${hopWords(kind)}`
  return kind === 'stream' ? '↳ stream' : `${attempt.number}. ${attempt.target}`
}

/** How a hop ended, and why there was one. */
function whyOf(hop: Hop): string {
  const { kind, attempt } = hop
  if (!attempt) return ''
  const { reason, failure, status, keyIndex } = attempt
  const ended =
    kind === 'failed'
      ? failedWords(hop)
      : kind === 'answer' || kind === 'stream'
        ? `${hopWords(kind)}${status ? ` (${status})` : ''}`
        : hopWords(kind)
  const parts = [
    ended,
    kind !== 'stream' && reason !== 'first' && REASONS[reason],
    keyIndex !== undefined && `key ${keyIndex}`,
    failure?.ambiguous === true && kind === 'failed' && 'the provider may have billed it',
  ]
  return parts.filter(Boolean).join(' · ')
}

const REASONS = {
  retry: 'retry',
  fallback: 'fallback',
  hedge: 'hedge: the target before was slow',
  probe: 'probe: tests an open circuit',
  resume: 'resume: goes on where the stream broke',
  continue: 'continue: the model continues the stream that broke',
} as const

const PHASES = {
  'not-sent': 'before it was sent',
  sent: 'without an answer',
  headers: '',
  body: 'in its body',
} as const

function failedWords(hop: Hop): string {
  const { failure } = hop.attempt ?? {}
  if (!failure) return ''
  const code = failure.code !== undefined && failure.code !== failure.kind ? ` (${failure.code})` : ''
  return [`${failureWords(hop)}${code}`, PHASES[failure.phase]].filter(Boolean).join(', ')
}

function notesOf({
  skipped,
  attempts,
  cache,
  possiblyBilled,
  possiblyBilledUsd,
}: ShownReceipt): HTMLElement | undefined {
  const notes = [
    ...skipped.map(({ target, reason }) => `${target} was skipped: ${reason}.`),
    ...new Set(
      attempts.flatMap(({ target, adaptations }) =>
        adaptations.map((change) => `Changed for ${target}: ${change}.`),
      ),
    ),
    possiblyBilled > 0 &&
      `${count(possiblyBilled)} failed ${possiblyBilled === 1 ? 'attempt' : 'attempts'} may have been billed${possiblyBilledUsd > 0 ? `, up to ${usd(possiblyBilledUsd)}` : ''}.`,
    cache &&
      `Cache: ${cache.status}, ${cache.reason}${typeof cache.stored === 'string' ? `; not stored: ${cache.stored}` : ''}.`,
  ].filter((note) => typeof note === 'string')
  return notes.length === 0 ? undefined : h('ul.notes', {}, ...notes.map((note) => h('li', {}, note)))
}

function factsOf(receipt: ShownReceipt): HTMLElement {
  const { usage, cost, savedUsd, labels, finishReasons, operation, model, id } = receipt
  const facts: (readonly [string, string | undefined])[] = [
    ['id', id],
    ['operation', operation],
    ['requested model', model],
    ['tokens', usage && `${count(usage.inputTokens)} in, ${count(usage.outputTokens)} out`],
    ['cost', cost && `${usd(cost.usd)}${cost.unpriced ? `, without ${cost.unpriced.join(', ')}` : ''}`],
    ['saved', savedUsd > 0 ? usd(savedUsd) : undefined],
    ['finish', finishReasons.join(', ') || undefined],
    ...Object.entries(labels).map(([name, value]) => [name, value] as const),
  ]
  return h(
    'dl.facts',
    {},
    ...facts.flatMap(([name, value]) =>
      value === undefined ? [] : [h('div', {}, h('dt', {}, name), h('dd', {}, value))],
    ),
  )
}
