import type { CircuitState } from '../client.ts'
import type { ClientFacts } from '../feed/message.ts'
import type { TargetSnapshot } from '../feed/snapshot.ts'
import { h, place } from './dom.ts'
import { duration, percent } from './format.ts'

/** The length of the timeline, in milliseconds. */
const TIMELINE_MS = 600_000

const SIGNS: Readonly<Record<CircuitState, readonly [sign: string, word: string]>> = {
  closed: ['●', 'closed'],
  open: ['○', 'open'],
  'half-open': ['◐', 'half-open'],
  isolated: ['■', 'isolated'],
}

/** Shows the targets of all clients, each with a timeline of the states of its circuit. */
export function targetsPanel(clients: readonly ClientFacts[], now: number): HTMLElement {
  const rows = clients.flatMap(({ name, snapshot }) =>
    snapshot.targets.map((target) => targetRow(target, name, now)),
  )
  return h(
    'section.panel.targets',
    { 'aria-label': 'Targets' },
    h('h2', {}, 'Targets', h('span.hint', {}, 'circuits, last 10 min')),
    ...(rows.length === 0 ? [h('p.none', {}, 'No target was called yet.')] : rows),
  )
}

function targetRow(target: TargetSnapshot, client: string, now: number): HTMLElement {
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
    h('span.name', { title: name }, client !== '' && h('span.note', {}, client), name),
    h(
      `span.state.${isResting ? 'half-open' : state}`,
      {},
      h('span.sign', { 'aria-hidden': 'true' }, isResting ? '◔' : sign),
      shown,
    ),
    timeline(target, now),
    h('span.figures', {}, `${percent(successRatio)} ok · ${duration(latencyMs)}`),
  )
}

function timeline({ changes, state, name }: TargetSnapshot, now: number): HTMLElement {
  const from = now - TIMELINE_MS
  const before = changes.findLast(([at]) => at <= from)?.[1] ?? 'closed'
  const inside = changes.filter(([at]) => at > from)
  const points: (readonly [number, CircuitState])[] = [
    [from, inside.length === 0 && changes.length === 0 ? state : before],
    ...inside,
  ]
  const parts = points.map(([at, each], index) => {
    const end = points[index + 1]?.[0] ?? now
    const title = `${SIGNS[each][1]} for ${duration(end - at)}`
    return place(h(`span.part.${each}`, { title }), (at - from) / TIMELINE_MS, (end - at) / TIMELINE_MS)
  })
  const words = points.length === 1 ? SIGNS[state][1] : `${inside.length} changes`
  return h(
    'span.timeline',
    { role: 'img', 'aria-label': `Circuit of ${name} in the last 10 minutes: ${words}` },
    ...parts,
  )
}
