import type { ShownAttempt, ShownReceipt, ShownWait } from '../receipt.ts'

/**
 * What happened in a part of a call. `answer`: the attempt that answered, of a stream until its first content. `stream`: from there to its
 * end. `lost`: an attempt that was given up because another one answered first. `other`: no wait and no attempt.
 */
export type HopKind =
  ShownWait['reason'] | 'answer' | 'stream' | 'failed' | 'lost' | 'running' | 'cache' | 'other'

/** A part of a call. Times are in milliseconds; `start` counts from the start of the call. */
export interface Hop {
  readonly kind: HopKind
  readonly start: number
  readonly ms: number
  readonly attempt?: ShownAttempt
}

/** Gaps that are shorter than this, in milliseconds, and than this share of the call, are not shown. */
const MIN_GAP_MS = 1
const MIN_GAP_SHARE = 0.02

/** Returns the parts of a call, in the order in which they began. @param now the end of what has happened of a call in flight */
export function hopsOf(receipt: ShownReceipt, now: number): Hop[] {
  const total = totalOf(receipt, now)
  const { attempts, waits, startedAt } = receipt
  if (attempts.length === 0 && waits.length === 0)
    return [{ kind: kindWithoutAttempt(receipt), start: 0, ms: total }]
  const answering = receipt.outcome === 'success' ? attempts.findLast(({ failure }) => !failure) : undefined
  const hops = [
    ...waits.map(({ reason, startedAt: at, ms }): Hop => ({ kind: reason, start: at - startedAt, ms })),
    ...attempts.flatMap((attempt) => attemptHops(attempt, receipt, attempt === answering, now)),
  ]
  const inside = hops.flatMap((hop) => clipped(hop, total))
  inside.sort((one, other) => one.start - other.start)
  return withGaps(inside, total)
}

/** Returns the duration of a call, or what has passed of it. */
export function totalOf({ durationMs, startedAt }: ShownReceipt, now: number): number {
  return Math.max(durationMs ?? now - startedAt, 0.001)
}

function kindWithoutAttempt({ cache, outcome }: ShownReceipt): HopKind {
  if (outcome === 'pending') return 'running'
  return outcome === 'success' && cache ? 'cache' : 'other'
}

function attemptHops(attempt: ShownAttempt, receipt: ShownReceipt, isAnswer: boolean, now: number): Hop[] {
  const start = attempt.startedAt - receipt.startedAt
  const ms = attempt.durationMs ?? (receipt.endedAt ?? now) - attempt.startedAt
  if (attempt.failure) {
    const isLost = attempt.failure.kind === 'aborted' && receipt.outcome === 'success'
    return [{ kind: isLost ? 'lost' : 'failed', start, ms, attempt }]
  }
  const { firstContentMs } = receipt
  if (!isAnswer) return [{ kind: receipt.outcome === 'pending' ? 'running' : 'lost', start, ms, attempt }]
  if (firstContentMs === undefined || firstContentMs <= start || firstContentMs >= start + ms)
    return [{ kind: 'answer', start, ms, attempt }]
  const first = firstContentMs - start
  return [
    { kind: 'answer', start, ms: first, attempt },
    { kind: 'stream', start: firstContentMs, ms: ms - first, attempt },
  ]
}

/** Cuts off what was before the call, such as the request of another call that it joined, or after it. */
function clipped(hop: Hop, total: number): Hop[] {
  const start = Math.max(0, hop.start)
  const end = Math.min(total, hop.start + hop.ms)
  return end > start ? [{ ...hop, start, ms: end - start }] : []
}

/** Adds a hop wherever nothing else happened. */
function withGaps(hops: readonly Hop[], total: number): Hop[] {
  const all: Hop[] = []
  const min = Math.max(MIN_GAP_MS, total * MIN_GAP_SHARE)
  let end = 0
  for (const hop of hops) {
    if (hop.start - end >= min) all.push({ kind: 'other', start: end, ms: hop.start - end })
    all.push(hop)
    end = Math.max(end, hop.start + hop.ms)
  }
  if (total - end >= min) all.push({ kind: 'other', start: end, ms: total - end })
  return all
}
