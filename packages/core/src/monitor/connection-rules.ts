import { useOf } from './measures.ts'
import {
  amount,
  exceeds,
  MIN_REQUESTS,
  type Finding,
  millis,
  percent,
  seconds,
  WAITING,
  type IsActive,
} from './rule.ts'
import type { Window } from './window.ts'

export function queueWaits(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'queue-waits'
  return originsOf(window).flatMap((origin): Finding[] => {
    const { waitingRatio, meanWaiting, maxWanted } = useOf(window, origin)
    if (!exceeds(waitingRatio, WAITING, isActive(code, origin))) return []
    const { allowed = 0, queueMs } = window.last.client.pool[origin] ?? {}
    return [
      {
        code,
        severity: 'warning',
        subject: origin,
        message:
          `Requests to ${origin} wait for a connection: ${amount(meanWaiting)} on average, for ${millis(queueMs?.p50 ?? 0)} ` +
          `(half of them) to ${millis(queueMs?.p95 ?? 0)} (all but one in 20), since only ${allowed} may be open. ` +
          `Raise \`pool.connections\` to ${maxWanted}, which is the number that was needed at once.`,
        facts: {
          meanWaiting,
          waitP50Ms: queueMs?.p50 ?? 0,
          waitP95Ms: queueMs?.p95 ?? 0,
          allowed,
          connections: maxWanted,
        },
      },
    ]
  })
}

/** The thresholds for the share of allowed connections in use. Advice is given above `raise`, and withdrawn at `clear` or less. */
const SATURATED = { raise: 0.9, clear: 0.85 }
/**
 * The share of connections that should be in use. The recommended number of connections is calculated from it. Queues grow with utilization
 * / (1 − utilization), so three quarters leave enough connections for a burst.
 */
const TARGET_UTILIZATION = 0.75

export function poolSaturated(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'pool-saturated'
  return originsOf(window).flatMap((origin): Finding[] => {
    const { utilization, meanInUse, waitingRatio } = useOf(window, origin)
    // With a queue, the advice `queue-waits` says more.
    if (waitingRatio > WAITING.clear || !exceeds(utilization, SATURATED, isActive(code, origin))) return []
    const { allowed = 0 } = window.last.client.pool[origin] ?? {}
    const connections = Math.max(allowed + 1, Math.ceil(meanInUse / TARGET_UTILIZATION))
    return [
      {
        code,
        severity: 'note',
        subject: origin,
        message:
          `Of ${allowed} connections to ${origin} ${percent(utilization)} were in use; above ${percent(SATURATED.raise)} the next burst ` +
          `waits. Raise \`pool.connections\` to ${connections}.`,
        facts: { utilization, allowed, connections },
      },
    ]
  })
}

/** The minimum number of open connections for advice about idle ones. Fewer idle connections cost too little. */
const MIN_OPEN = 8

export function poolOversized(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'pool-oversized'
  return originsOf(window).flatMap((origin): Finding[] => {
    const { minOpen, maxInUse, requests } = useOf(window, origin)
    const idle = minOpen === 0 ? 0 : 1 - maxInUse / minOpen
    const isOver = exceeds(idle, { raise: 0.75, clear: 0.5 }, isActive(code, origin))
    if (!window.isFull || requests === 0 || minOpen < MIN_OPEN || !isOver) return []
    return [
      {
        code,
        severity: 'note',
        subject: origin,
        message:
          `At least ${minOpen} connections to ${origin} were open for ${seconds(window.ms)}, and at most ${maxInUse} of them in use. ` +
          'Warm fewer, lower `pool.keepAliveTimeoutMs`, or set `pool.autoscale`, which closes connections that are not needed.',
        facts: { minOpen, maxInUse },
      },
    ]
  })
}

export function connectionsNotReused(window: Window, isActive: IsActive): readonly Finding[] {
  const code = 'connections-not-reused'
  return originsOf(window).flatMap((origin): Finding[] => {
    const { requests, closed } = useOf(window, origin)
    const isOver = exceeds(closed / requests, { raise: 0.5, clear: 0.25 }, isActive(code, origin))
    if (requests < MIN_REQUESTS || !isOver) return []
    return [
      {
        code,
        severity: 'note',
        subject: origin,
        message:
          `${closed} connections to ${origin} were closed in ${seconds(window.ms)}, for ${requests} requests: most requests pay for a ` +
          'new one. If calls are far apart, raise `pool.keepAliveTimeoutMs` and `pool.keepAliveMaxTimeoutMs`; if not, the server or a ' +
          'proxy closes them.',
        facts: { closed, requests },
      },
    ]
  })
}

export function socketsUnseen(window: Window): readonly Finding[] {
  const { attempts, pool } = window.last.client
  if (attempts === 0 || Object.keys(pool).length > 0) return []
  const message =
    `${attempts} requests went out by a \`fetch\` that was given to the client: its connections and its queue are not visible, ` +
    'and are not monitored. Leave `fetch` out to send by the pool, or give the client a `pool` of your own.'
  return [{ code: 'sockets-unseen', severity: 'note', message, facts: { attempts } }]
}

function originsOf(window: Window): string[] {
  return Object.keys(window.last.client.pool)
}
