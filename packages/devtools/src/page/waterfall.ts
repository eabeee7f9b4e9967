import { h, place } from './dom.ts'
import { duration } from './format.ts'
import { hopWords } from './longest.ts'
import type { Hop, HopKind } from './hops.ts'

/** The kinds of hops in the legend, in the order in which they usually happen. */
const LEGEND: readonly (readonly [kind: HopKind, word: string])[] = [
  ['queue', 'queue'],
  ['limit', 'rate limit'],
  ['backoff', 'before a retry'],
  ['failed', 'failed attempt'],
  ['answer', 'first content, or answer'],
  ['stream', 'stream'],
  ['lost', 'slower than the hedge'],
  ['cache', 'cache'],
]

/** Draws the hops of a call in one bar. Hops at the same time, such as those of a hedge, share its height. */
export function barOf(hops: readonly Hop[], total: number): HTMLElement {
  // The delay before a hedge is a part of the slow attempt.
  const shown = hops.filter(({ kind }) => kind !== 'hedge-delay')
  const lanes = lanesOf(shown)
  const bar = h(
    'span.bar',
    {},
    ...shown.map((hop, index) => {
      const lane = lanes[index] ?? 0
      return place(
        h(`span.hop.${hop.kind}.${laneClass(lane, lanes)}`, { title: titleOf(hop) }),
        hop.start / total,
        hop.ms / total,
      )
    }),
  )
  return bar
}

/** Returns the lane of each hop: 1 if it began while the hop before was not over, otherwise 0. */
function lanesOf(hops: readonly Hop[]): number[] {
  let end = 0
  return hops.map((hop) => {
    const isBeside = hop.start < end - 0.5
    if (!isBeside) end = hop.start + hop.ms
    return isBeside ? 1 : 0
  })
}

function laneClass(lane: number, lanes: readonly number[]): string {
  if (!lanes.includes(1)) return 'whole'
  return lane === 1 ? 'lower' : 'upper'
}

function titleOf(hop: Hop): string {
  return [hop.attempt?.target, hopWords(hop.kind), duration(hop.ms)].filter(Boolean).join(' · ')
}

export function legend(): HTMLElement {
  return h(
    'ul.legend',
    { 'aria-label': 'Legend of the bars' },
    ...LEGEND.map(([kind, word]) => h('li', {}, h(`span.swatch.hop.${kind}`), word)),
  )
}
