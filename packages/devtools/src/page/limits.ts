import type { ClientFacts } from '../feed/message.ts'
import type { LimitSnapshot, SpendSnapshot } from '../feed/snapshot.ts'
import { h } from './dom.ts'
import { count, duration, usd } from './format.ts'
import { gauge } from './gauge.ts'

/** Shows the limits of all quota groups, and the spend limits, as gauges. */
export function limitsPanel(clients: readonly ClientFacts[]): HTMLElement {
  const gauges = clients.flatMap(({ name, snapshot }) => [
    ...snapshot.spend.map((spend) => spendGauge(spend, name)),
    ...snapshot.limits.map((limit) => limitGauge(limit, name)),
  ])
  return h(
    'section.panel.limits',
    { 'aria-label': 'Limits' },
    h('h2', {}, 'Limits'),
    ...(gauges.length === 0 ? [h('p.none', {}, 'No limit is known.')] : gauges),
  )
}

function limitGauge(
  { group, kind, limit, used, windowMs, waiting, pausedForMs }: LimitSnapshot,
  client: string,
): HTMLElement {
  const waits = waiting > 0 ? `${count(waiting)} waiting` : ''
  return gauge({
    client,
    name: `${group} · ${kind}`,
    state: pausedForMs > 0 ? `paused, ${duration(pausedForMs)}` : waits,
    used,
    limit,
    figures: `${count(used)} of ${count(limit)}${windowMs === undefined ? '' : windowWords(windowMs)}`,
  })
}

function spendGauge({ name, usedUsd, limitUsd }: SpendSnapshot, client: string): HTMLElement {
  const state = usedUsd >= limitUsd ? 'used up' : ''
  const figures = `${usd(usedUsd)} of ${usd(limitUsd)}`
  return gauge({ client, name, state, used: usedUsd, limit: limitUsd, figures })
}

function windowWords(ms: number): string {
  if (ms === 1_000) return ' a second'
  if (ms === 60_000) return ' a minute'
  return ms === 86_400_000 ? ' a day' : ` in ${duration(ms)}`
}
