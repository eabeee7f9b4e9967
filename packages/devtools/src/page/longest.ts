import type { ShownReceipt } from '../receipt.ts'
import type { Hop, HopKind } from './hops.ts'

/** The kind of hop that took the most time of a call. */
export interface Longest {
  readonly ms: number
  /** The share of the call, from 0 to 1. */
  readonly share: number
  readonly hops: readonly Hop[]
  /** What happened, in words. */
  readonly words: string
}

const WORDS: Readonly<Record<HopKind, string>> = {
  queue: 'waited in the queue',
  limit: 'waited for a rate limit',
  backoff: 'waited before a retry',
  'retry-after': 'waited as the provider asked',
  'hedge-delay': 'waited before the second request',
  answer: 'answered',
  stream: 'streamed',
  failed: 'failed',
  lost: 'was slower',
  running: 'is being called',
  cache: 'the cache answered',
  other: 'inside this process',
}

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
  if (!longest) return undefined
  const ms = sum(longest)
  return { ms, share: Math.min(1, ms / total), hops: longest, words: wordsOf(longest, receipt) }
}

/** Returns whether the call did not depend on a hop: the slower one of two attempts, and the delay while its request was in flight. */
function isBeside({ kind, start }: Hop, hops: readonly Hop[]): boolean {
  if (kind === 'lost') return true
  return kind === 'hedge-delay' && hops.some((hop) => hop.kind === 'answer' && hop.start <= start)
}

function wordsOf(hops: readonly Hop[], receipt: ShownReceipt): string {
  const [first] = hops
  if (!first) return ''
  const { kind, attempt } = first
  if (kind === 'cache') return receipt.cache?.status === 'shared' ? 'an identical call answered' : WORDS.cache
  if (!attempt) return kind === 'running' ? 'waiting' : WORDS[kind]
  if (kind !== 'failed') {
    const isFirst = kind === 'answer' && receipt.firstContentMs !== undefined
    return `${attempt.target} ${isFirst ? 'until its first content' : WORDS[kind]}`
  }
  const kinds = [...new Set(hops.map((hop) => failureWords(hop)))]
  return `${attempt.target} ${hops.length > 1 ? `failed ${hops.length} times` : 'failed'}: ${kinds.join(', ')}`
}

/** Describes the failure of an attempt: its kind, and the status if it had one. */
export function failureWords({ attempt }: Hop): string {
  const { failure, status } = attempt ?? {}
  if (!failure) return ''
  return status === undefined || status < 400 ? failure.kind : `${failure.kind} ${status}`
}

export const hopWords = (kind: HopKind): string => WORDS[kind]
