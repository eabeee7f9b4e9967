import type { ClientFacts } from '../feed/message.ts'
import type { LimitSnapshot } from '../feed/snapshot.ts'
import { h, place } from './dom.ts'
import { count, duration } from './format.ts'

/** Shows the limits of all quota groups as gauges. */
export function limitsPanel(clients: readonly ClientFacts[]): HTMLElement {
  const gauges = clients.flatMap(({ name, snapshot }) => snapshot.limits.map((limit) => gauge(limit, name)))
  return h(
    'section.panel.limits',
    { 'aria-label': 'Limits' },
    h('h2', {}, 'Limits'),
    ...(gauges.length === 0 ? [h('p.none', {}, 'No limit is known.')] : gauges),
  )
}

function gauge(
  { group, kind, limit, used, windowMs, waiting, pausedForMs }: LimitSnapshot,
  client: string,
): HTMLElement {
  const share = limit > 0 ? used / limit : 0
  const title = `${client} ${group} ${kind}`.trim()
  const state =
    pausedForMs > 0 ? `paused, ${duration(pausedForMs)}` : waiting > 0 ? `${count(waiting)} waiting` : ''
  return h(
    'div.gauge',
    {},
    h('span.name', { title }, client !== '' && h('span.note', {}, client), `${group} · ${kind}`),
    h('span.state', {}, state),
    h(
      'span.meter',
      {
        role: 'meter',
        'aria-label': title,
        'aria-valuemin': 0,
        'aria-valuemax': limit,
        'aria-valuenow': Math.round(used),
      },
      place(h(share >= 0.9 ? 'span.used.full' : 'span.used'), 0, share),
    ),
    h(
      'span.figures',
      {},
      `${count(used)} of ${count(limit)}${windowMs === undefined ? '' : windowWords(windowMs)}`,
    ),
  )
}

function windowWords(ms: number): string {
  if (ms === 1_000) return ' a second'
  if (ms === 60_000) return ' a minute'
  return ms === 86_400_000 ? ' a day' : ` in ${duration(ms)}`
}
