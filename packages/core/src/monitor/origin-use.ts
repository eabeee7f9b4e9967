import { mean, sum } from './measures.ts'
import type { Window } from './window.ts'

/** How the connections to one origin were used over the window. */
export interface OriginUse {
  /** In use or being opened for a request, on average and at most. */
  readonly meanInUse: number
  /** What requests needed at once at most: connections in use, and one for each that waited. */
  readonly mostWanted: number
  readonly mostInUse: number
  /** Open connections at least. */
  readonly fewestOpen: number
  /** The share of the allowed connections that was in use, from 0 to 1. */
  readonly utilization: number
  readonly meanWaiting: number
  readonly mostWaiting: number
  /** The share of the looks that found requests waiting, from 0 to 1. */
  readonly waitingRatio: number
  readonly requests: number
  readonly opened: number
  readonly closed: number
}

export function useOf(window: Window, origin: string): OriginUse {
  const looks = window.each(({ pool }) => pool[origin]).filter((stats) => stats !== undefined)
  const inUse = looks.map(({ busy, connecting }) => busy + connecting)
  const waiting = looks.map(({ queued }) => queued)
  const allowed = sum(looks.map((stats) => stats.allowed))
  const rise = (name: 'requests' | 'opened' | 'closed'): number =>
    window.rise(({ pool }) => pool[origin]?.[name])
  return {
    meanInUse: mean(inUse),
    mostWanted: Math.max(0, ...inUse.map((used, look) => used + (waiting[look] ?? 0))),
    mostInUse: Math.max(0, ...inUse),
    fewestOpen: looks.length === 0 ? 0 : Math.min(...looks.map(({ open }) => open)),
    utilization: allowed === 0 ? 0 : sum(inUse) / allowed,
    meanWaiting: mean(waiting),
    mostWaiting: Math.max(0, ...waiting),
    waitingRatio: mean(waiting.map((queued) => (queued > 0 ? 1 : 0))),
    requests: rise('requests'),
    opened: rise('opened'),
    closed: rise('closed'),
  }
}
