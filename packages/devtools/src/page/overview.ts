import type { ClientFacts, Message } from '../feed/message.ts'
import { h, setText } from './dom.ts'
import { bytes, count, duration, percent, plural, usd } from './format.ts'
import { Sparkline } from './sparkline.ts'

/** The figures at the top of the page: one tile for each question that is asked first. */
export class Overview {
  readonly element: HTMLElement
  readonly #calls = tile('Calls')
  readonly #latency = tile('Latency')
  readonly #availability = tile('Availability')
  readonly #cost = tile('Cost')
  readonly #cache = tile('Cache')
  readonly #sparkline = new Sparkline()

  constructor() {
    this.#calls.element.append(this.#sparkline.element)
    const tiles = [this.#calls, this.#latency, this.#availability, this.#cost, this.#cache]
    this.element = h('section.tiles', { 'aria-label': 'Overview' }, ...tiles.map(({ element }) => element))
  }

  show({ minute, clients, inFlightCount }: Message): void {
    const total = sumOf(clients)
    const recent = minute.perSecond.slice(-11, -1)
    const rate = recent.reduce((sum, [calls]) => sum + calls, 0) / recent.length
    this.#calls.set(rate < 10 ? rate.toFixed(1) : count(rate), '/s', [
      `${count(total.calls)} in all`,
      clients.every(({ snapshot }) => snapshot.closed)
        ? 'the client is closed'
        : `${count(inFlightCount)} in flight`,
    ])
    this.#sparkline.show(minute.perSecond)

    const firstToken = clients.find(({ snapshot }) => snapshot.firstTokenMs)?.snapshot.firstTokenMs
    this.#latency.set(duration(minute.p50), 'p50', [
      `p95 ${duration(minute.p95)}`,
      firstToken && `first content p50 ${duration(firstToken.p50)}`,
    ])

    const failed = minute.perSecond.reduce((sum, [, one]) => sum + one, 0)
    this.#availability.set(percent(total.availability, 1), '', [
      failed > 0 ? `${plural(failed, 'failure')} in a minute` : 'no failure in a minute',
      total.calls > 0 && `${(total.attempts / total.calls).toFixed(2)} requests a call`,
    ])
    this.#availability.element.classList.toggle('bad', failed > 0)

    const { saved, cost } = total
    this.#cost.set(usd(cost.spentUsd), 'spent', [
      saved > 0 ? `${usd(saved)} saved: ${savedWords(cost)}` : undefined,
      cost.possiblyBilledUsd > 0 && `up to ${usd(cost.possiblyBilledUsd)} more may be billed`,
      cost.unpricedCalls > 0 && `${plural(cost.unpricedCalls, 'call')} of unknown price`,
    ])

    const { cache } = total
    const looked = cache.hits + cache.stale + cache.shared + cache.misses
    const served = cache.hits + cache.stale + cache.shared
    this.#cache.set(looked === 0 ? '–' : percent(served / looked), looked === 0 ? '' : 'served', [
      looked === 0
        ? 'no lookups'
        : `${count(cache.hits)} hits, ${count(cache.stale)} stale, ${count(cache.shared)} shared`,
      cache.entries > 0 && `${plural(cache.entries, 'answer')}, ${bytes(cache.bytes)}`,
    ])
  }
}

type Cost = ClientFacts['snapshot']['cost']
type Cache = ClientFacts['snapshot']['cache']

function savedWords({ savedByCacheUsd, savedByFallbackUsd, savedByBatchUsd }: Cost): string {
  const parts = [
    ['cache', savedByCacheUsd],
    ['fallbacks', savedByFallbackUsd],
    ['batches', savedByBatchUsd],
  ] as const
  const saved = parts.filter(([, amount]) => amount > 0)
  return saved.length === 1
    ? (saved[0]?.[0] ?? '')
    : saved.map(([name, amount]) => `${name} ${usd(amount)}`).join(', ')
}

/** Adds up the figures of all clients. */
function sumOf(clients: readonly ClientFacts[]): {
  calls: number
  attempts: number
  availability: number
  cost: Cost
  saved: number
  cache: Cache
} {
  const all = clients.map(({ snapshot }) => snapshot)
  const calls = all.reduce((sum, one) => sum + one.calls, 0)
  const cost = added(all.map((one) => one.cost))
  return {
    calls,
    attempts: all.reduce((sum, one) => sum + one.attempts, 0),
    availability: calls === 0 ? 1 : all.reduce((sum, one) => sum + one.availability * one.calls, 0) / calls,
    cost,
    saved:
      Math.max(0, cost.savedByBatchUsd) +
      Math.max(0, cost.savedByCacheUsd) +
      Math.max(0, cost.savedByFallbackUsd),
    cache: added(all.map((one) => one.cache)),
  }
}

function added<Figures extends { readonly [Name in keyof Figures]: number }>(
  all: readonly Figures[],
): Figures {
  const sum: Record<string, number> = {}
  for (const figures of all)
    for (const [name, value] of Object.entries<number>(figures)) sum[name] = (sum[name] ?? 0) + value
  return sum as Figures
}

interface Tile {
  readonly element: HTMLElement
  set(value: string, unit: string, notes: readonly (string | false | undefined)[]): void
}

function tile(title: string): Tile {
  const [value, unit, notes] = [h('span.value'), h('span.unit'), h('span.facts-line')]
  return {
    element: h(
      'div.tile',
      { role: 'group', 'aria-label': title },
      h('h2', {}, title),
      h('p.figure', {}, value, ' ', unit),
      notes,
    ),
    set(text, unitText, lines) {
      setText(value, text)
      setText(unit, unitText)
      notes.replaceChildren(
        ...lines.filter((line) => typeof line === 'string').map((line) => h('span', { title: line }, line)),
      )
    },
  }
}
