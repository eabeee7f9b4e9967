import type { Row } from '../feed/receipts.ts'
import type { ShownReceipt } from '../receipt.ts'
import { clientMark, h, place } from './dom.ts'
import { clock, duration, percent, usd } from './format.ts'
import { hopsOf, totalOf } from './hops.ts'
import { longestOf } from './longest.ts'
import { outcomeElement } from './outcome.ts'
import { barOf } from './waterfall.ts'

/** The names of the columns, by the class of their cells. */
export const COLUMNS = [
  ['time', 'Ended'],
  ['how', 'Outcome'],
  ['target', 'Target'],
  ['track', 'Waterfall'],
  ['total', 'Total'],
  ['longest', 'Most of the time'],
  ['cost', 'Cost'],
] as const

/** The cells of a row. @param longestMs the duration that has a bar of the whole width */
export function cellsOf({ client, receipt }: Row, now: number, longestMs: number): HTMLElement[] {
  const total = totalOf(receipt, now)
  const hops = hopsOf(receipt, now)
  const longest = longestOf(receipt, hops, total)
  return [
    cell('time', receipt.endedAt === undefined ? clock(receipt.startedAt) : clock(receipt.endedAt)),
    cell('how', outcomeElement(receipt)),
    cell('target', targetElement(receipt, client)),
    cell('track', scaled(barOf(hops, total), total, longestMs)),
    cell('total', duration(total)),
    cell(
      'longest',
      longest && h('span.share', {}, percent(longest.share)),
      longest &&
        h(longest.isUsual ? 'span.words' : 'span.words.unusual', { title: longest.words }, longest.words),
    ),
    cell('cost', receipt.cost ? usd(receipt.cost.usd) : '–'),
  ]
}

function cell(
  name: (typeof COLUMNS)[number][0],
  ...children: readonly (Node | string | undefined)[]
): HTMLElement {
  return h(`span.cell.${name}`, { role: 'gridcell' }, ...children)
}

function targetElement({ target, streaming, isPrefetch, batch }: ShownReceipt, client: number): HTMLElement {
  const notes = [streaming && 'stream', isPrefetch && 'prefetch', batch && `batch of ${batch.size}`]
  return h(
    'span.names',
    { title: target },
    // Shown only if the page has several clients.
    clientMark(String(client + 1)),
    h('span.name', {}, target),
    ...notes.map((note) => note && h('span.note', {}, note)),
  )
}

/**
 * Gives a bar a width for its duration: the square root of its share of the longest one, so that the hops of short calls can still be seen.
 */
export function scaled(bar: HTMLElement, total: number, longestMs: number): HTMLElement {
  return place(bar, 0, Math.max(0.06, Math.sqrt(Math.min(1, total / longestMs))))
}

/** Rounds up to the next of 1, 2, 5, 10, 20, 50, …, so that a scale changes rarely. */
export function niceCeiling(value: number): number {
  if (!(value > 1)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5].find((factor) => factor * power >= value) ?? 10)
}
