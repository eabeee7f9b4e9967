import type { ShownReceipt } from '../receipt.ts'
import type { Hop, HopKind } from './hops.ts'

/** The kind of hop that took the most time of a call. */
export interface Longest {
  readonly ms: number
  /** The share of the call, from 0 to 1. */
  readonly share: number
  readonly hops: readonly Hop[]
  /** What happened, in a few words. */
  readonly words: string
  /** Whether it is what a call without any trouble spends its time on: the answer of a provider, or of the cache. */
  readonly isUsual: boolean
}

const WORDS: Readonly<Record<HopKind, string>> = {
  queue: 'queue',
  limit: 'rate limit',
  backoff: 'backoff',
  'retry-after': 'Retry-After',
  'hedge-delay': 'before the hedge',
  tier: 'no capacity at the tier',
  answer: 'answer',
  stream: 'stream',
  failed: 'failed',
  lost: 'slower than the hedge',
  running: 'no answer yet',
  cache: 'cache',
  other: 'in this process',
}
const USUAL: ReadonlySet<HopKind> = new Set(['answer', 'stream', 'cache', 'running'])

/** Finds what took the most time: hops of the same kind at the same target count together. */
export function longestOf(receipt: ShownReceipt, hops: readonly Hop[], total: number): Longest | undefined {
  const groups = new Map<string, Hop[]>()
  for (const hop of hops) {
    if (isBeside(hop, hops)) continue
    const key = `${hop.kind} ${hop.attempt?.target ?? ''}`
    groups.set(key, [...(groups.get(key) ?? []), hop])
  }
  const sum = (group: readonly Hop[]): number => group.reduce((ms, hop) => ms + hop.ms, 0)
  const [longest] = [...groups.values()].sort((one, other) => sum(other) - sum(one))
  const [first] = longest ?? []
  if (!longest || !first) return undefined
  const ms = sum(longest)
  return {
    ms,
    share: Math.min(1, ms / total),
    hops: longest,
    words: wordsOf(first, longest, hops, receipt),
    isUsual: USUAL.has(first.kind),
  }
}

/**
 * Returns whether the call did not depend on a hop: the slower one of two attempts, and the delay before a hedge, unless the attempt that was
 * in flight never answered.
 */
function isBeside({ kind }: Hop, hops: readonly Hop[]): boolean {
  if (kind === 'lost') return true
  return kind === 'hedge-delay' && !hops.some((hop) => hop.kind === 'lost' && hop.attempt?.reason !== 'hedge')
}

function wordsOf(first: Hop, group: readonly Hop[], hops: readonly Hop[], receipt: ShownReceipt): string {
  const { kind, attempt } = first
  if (kind === 'hedge-delay') {
    return `${hops.find((hop) => hop.kind === 'lost')?.attempt?.target ?? 'the first target'}: slow`
  }
  if (kind === 'cache') return receipt.cache?.status === 'shared' ? 'the identical call' : 'cache'
  if (kind === 'other' && receipt.failure && receipt.attempts.length === 0)
    return `not sent: ${receipt.failure.code ?? receipt.failure.kind}`
  if (!attempt)
    return kind === 'other' ? WORDS.other : `wait${kind === 'running' ? 'ing' : `: ${WORDS[kind]}`}`
  if (kind !== 'failed') {
    const isFirst = kind === 'answer' && receipt.firstContentMs !== undefined
    return `${attempt.target}: ${isFirst ? 'first content' : WORDS[kind]}`
  }
  const kinds = [...new Set(group.map((hop) => failureWords(hop)))]
  return `${attempt.target}: ${group.length > 1 ? `${group.length} × ` : ''}${kinds.join(', ')}`
}

/** Describes the failure of an attempt: its kind, with the status or the timeout if there is one. */
export function failureWords({ attempt }: Hop): string {
  const { failure, status } = attempt ?? {}
  if (!failure) return ''
  if (failure.clock !== undefined) return `${failure.kind} (${failure.clock})`
  return status === undefined || status < 400 ? failure.kind : `${status} ${failure.kind}`
}

export const hopWords = (kind: HopKind): string => WORDS[kind]
