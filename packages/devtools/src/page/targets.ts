import type { CircuitState } from '../client-stats.ts'
import type { Message } from '../feed/message.ts'
import type { TargetSnapshot } from '../feed/snapshot.ts'
import { clientMark, h, place } from './dom.ts'
import { duration, percent, plural } from './format.ts'

/** The lengths that the timeline can have, in minutes. The shortest one is used that shows all since the page was opened. */
const TIMELINES = [1, 2, 5, 10] as const

const SIGNS: Readonly<Record<CircuitState, readonly [sign: string, word: string]>> = {
  closed: ['●', 'closed'],
  open: ['○', 'open'],
  'half-open': ['◐', 'half-open'],
  isolated: ['■', 'isolated'],
}

/** What a timeline shows: from when to when, and since when the states are known. In milliseconds since the epoch. */
interface Span {
  readonly from: number
  readonly to: number
  readonly knownFrom: number
}

/** Shows the targets of all clients, each with a timeline of the states of its circuit. */
export function targetsPanel({ clients, now, openedAt }: Message): HTMLElement {
  const minutes = TIMELINES.find((each) => each * 60_000 >= now - openedAt) ?? 10
  const span = { from: now - minutes * 60_000, to: now, knownFrom: openedAt }
  const rows = clients.flatMap(({ name, snapshot }) =>
    snapshot.targets.map((target) => targetRow(target, name, span)),
  )
  return h(
    'section.panel.targets',
    { 'aria-label': 'Targets' },
    h(
      'h2',
      {},
      'Targets',
      h('span.hint', {}, `circuits, last ${minutes === 1 ? 'minute' : `${minutes} minutes`}`),
    ),
    ...(rows.length === 0 ? [h('p.none', {}, 'No target was called yet.')] : rows),
  )
}

function targetRow(target: TargetSnapshot, client: string, span: Span): HTMLElement {
  const { name, state, available, retryAfterMs, successRatio, latencyMs } = target
  const [sign, word] = SIGNS[state]
  const isResting = state === 'closed' && !available
  const shown = isResting
    ? 'in cooldown'
    : state === 'open' && retryAfterMs > 0
      ? `${word}, ${duration(retryAfterMs)}`
      : word
  return h(
    'div.target-row',
    { 'data-target': name },
    h('span.name', { title: name }, clientMark(client), name),
    h(
      `span.state.${isResting ? 'half-open' : state}`,
      {},
      h('span.sign', { 'aria-hidden': 'true' }, isResting ? '◔' : sign),
      shown,
    ),
    timeline(target, span),
    h('span.figures', {}, `${percent(successRatio)} ok · ${duration(latencyMs)}`),
  )
}

function timeline({ changes, state, name }: TargetSnapshot, { from, to, knownFrom }: Span): HTMLElement {
  const start = Math.max(from, knownFrom)
  const inside = changes.filter(([at]) => at > start)
  // A circuit whose change was not seen has been in its state all the time.
  const before = changes.findLast(([at]) => at <= start)?.[1] ?? (inside.length === 0 ? state : 'closed')
  const points: (readonly [number, CircuitState])[] = [[start, before], ...inside]
  const parts = points.map(([at, each], index) => {
    const end = points[index + 1]?.[0] ?? to
    const title = `${SIGNS[each][1]} for ${duration(end - at)}`
    return place(h(`span.part.${each}`, { title }), (at - from) / (to - from), (end - at) / (to - from))
  })
  const words =
    inside.length === 0 ? SIGNS[state][1] : `${plural(inside.length, 'change')}, now ${SIGNS[state][1]}`
  return h(
    'span.timeline',
    { role: 'img', 'aria-label': `Circuit of ${name} in this time: ${words}` },
    ...parts,
  )
}
