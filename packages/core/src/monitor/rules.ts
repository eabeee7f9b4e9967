import {
  cacheIneffective,
  cacheTooSmall,
  limitsSaturated,
  prefetchWasteful,
  rateLimitedUpstream,
} from './call-rules.ts'
import {
  connectionsNotReused,
  poolOversized,
  poolSaturated,
  queueWaits,
  socketsUnseen,
} from './connection-rules.ts'
import {
  eventLoopBlocked,
  eventLoopBusy,
  heapGrowing,
  heapNearLimit,
  memoryNearLimit,
} from './process-rules.ts'
import type { Finding, Rule, Was } from './rule.ts'
import type { Window } from './window.ts'

const OF_PROCESS: readonly Rule[] = [
  eventLoopBlocked,
  eventLoopBusy,
  heapNearLimit,
  heapGrowing,
  memoryNearLimit,
]
const OF_CLIENT: readonly Rule[] = [
  queueWaits,
  poolSaturated,
  poolOversized,
  connectionsNotReused,
  limitsSaturated,
  rateLimitedUpstream,
  cacheTooSmall,
  cacheIneffective,
  prefetchWasteful,
]

/** With fewer looks than this, chance speaks. */
const FEWEST_LOOKS = 10

/** What the window shows. A closed client has no more to be advised, its process has. */
export function judge(window: Window, was: Was): readonly Finding[] {
  const rules: Rule[] = [clientClosed, socketsUnseen]
  if (window.looks >= FEWEST_LOOKS) {
    rules.push(...OF_PROCESS)
    if (!window.last.client.closed) rules.push(...OF_CLIENT)
  }
  return rules.flatMap((rule) => rule(window, was))
}

function clientClosed(window: Window): readonly Finding[] {
  if (!window.last.client.closed) return []
  const message =
    'The client has been closed: its figures are those of its end, and only the process is still watched. Close the monitor, too.'
  return [{ code: 'client-closed', severity: 'note', message, facts: {} }]
}
