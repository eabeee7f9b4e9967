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
import type { Finding, IsActive, Rule } from './rule.ts'
import type { Window } from './window.ts'

const PROCESS_RULES: readonly Rule[] = [
  eventLoopBlocked,
  eventLoopBusy,
  heapNearLimit,
  heapGrowing,
  memoryNearLimit,
]
const CLIENT_RULES: readonly Rule[] = [
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

/** The minimum number of samples for advice. Fewer samples say too little. */
const MIN_SAMPLES = 10

/** Applies the rules to a window, and returns what they find. If the client is closed, only the rules for the process apply. */
export function judge(window: Window, isActive: IsActive): readonly Finding[] {
  const rules: Rule[] = [clientClosed, socketsUnseen]
  if (window.sampleCount >= MIN_SAMPLES) {
    rules.push(...PROCESS_RULES)
    if (!window.last.client.closed) rules.push(...CLIENT_RULES)
  }
  return rules.flatMap((rule) => rule(window, isActive))
}

function clientClosed(window: Window): readonly Finding[] {
  if (!window.last.client.closed) return []
  const message =
    'The client has been closed: its figures are those of its end, and only the process is still watched. Close the monitor, too.'
  return [{ code: 'client-closed', severity: 'note', message, facts: {} }]
}
