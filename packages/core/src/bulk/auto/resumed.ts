import type { Journal } from '@harbor/batch'
import { BatchStateError } from '@harbor/batch/openai'
import type { AutoItem } from './auto-item.ts'
import type { ResumedWave } from './batch-route.ts'
import type { LoggedWave, RouteHistory } from './route-log.ts'

/** What earlier processes of a run have begun. */
export interface Resumed {
  /** The waves whose results are not all in the journal. */
  readonly waves: readonly ResumedWave[]
  /** The requests that an earlier process has sent to a batch or to the background. Their routes are set. */
  readonly sent: ReadonlySet<AutoItem>
  /** What the other waves have cost, in US dollars. */
  readonly endedWavesUsd: number
  /** The number of the last wave. */
  readonly lastWave: number
}

/**
 * Finds the requests that earlier processes have sent, so that they are not sent again.
 * @throws BatchStateError if the source no longer has a request that was submitted
 */
export function resumedFrom(
  items: readonly AutoItem[],
  { waves, endedWaves, windows }: RouteHistory,
  journal: Pick<Journal, 'has'> | undefined,
): Resumed {
  const byId = new Map(items.map((item) => [item.id, item]))
  const isAnswered = (id: string): boolean => journal?.has(id) === true
  const isRead = ({ wave, ids }: LoggedWave): boolean => endedWaves.has(wave) && ids.every(isAnswered)
  const sent = new Set<AutoItem>()
  const open = waves
    .filter((wave) => !isRead(wave))
    .map(({ wave: number, ids }) => {
      const own = ids.map((id) => {
        const item = byId.get(id)
        if (!item) throw new BatchStateError(`batch ${number} has a request that the source no longer has`)
        item.route = 'batch'
        sent.add(item)
        return item
      })
      return { number, items: own }
    })
  for (const [id, { route }] of windows) {
    const item = byId.get(id)
    if (!item || isAnswered(id)) continue
    item.route = route
    sent.add(item)
  }
  const read = waves.filter(isRead)
  return {
    waves: open,
    sent,
    endedWavesUsd: read.reduce((sum, { wave }) => sum + (endedWaves.get(wave) ?? 0), 0),
    lastWave: Math.max(0, ...waves.map(({ wave }) => wave)),
  }
}
