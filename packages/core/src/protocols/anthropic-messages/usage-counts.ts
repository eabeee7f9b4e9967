import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'

/** The highest plausible token count of one call. A larger number is taken for a mistake of the server. */
const MAX_TOKENS = 1_000_000_000
/** The maximum number of steps (entries of `usage.iterations`) that are read for one message. */
const MAX_STEPS = 1_000

/** The token counts of one usage report. A count that is not reported is undefined; one that cannot be right is NaN. */
export interface Counts {
  /** Input tokens, without those that were read from the cache or written to it. */
  readonly input?: number | undefined
  readonly cacheRead?: number | undefined
  readonly cacheWrite?: number | undefined
  readonly output?: number | undefined
  readonly writesByTtl?: WritesByTtl | undefined
  /** The model that made a step, as the step names it. */
  readonly model?: string | undefined
}

type WritesByTtl = NonNullable<TokenUsage['cacheWriteTokensByTtl']>

/** The token counts that Anthropic reports for a message: input, output, cache reads and cache writes. */
export type MessageTokens = Pick<
  TokenUsage,
  'inputTokens' | 'outputTokens' | 'cachedInputTokens' | 'cacheWriteInputTokens' | 'cacheWriteTokensByTtl'
>

/** Reads the token counts of a usage report, or of one of its steps (an entry of `usage.iterations`). Counts that are null are left out. */
export function countsIn(usage: JsonBody): Counts {
  const counts: Record<string, unknown> = {}
  for (const [name, field] of FIELDS) {
    const count = countOf(usage[field])
    if (count !== undefined) counts[name] = count
  }
  const writesByTtl = writesIn(usage['cache_creation'])
  return writesByTtl ? { ...counts, writesByTtl } : counts
}

const FIELDS = [
  ['input', 'input_tokens'],
  ['cacheRead', 'cache_read_input_tokens'],
  ['cacheWrite', 'cache_creation_input_tokens'],
  ['output', 'output_tokens'],
] as const

/** Reads a token count; undefined if there is none, NaN if the value cannot be right. */
export function countOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKENS
    ? (value as number)
    : NaN
}

/** Reads how many tokens were written to the cache, by time to live, from fields such as `ephemeral_5m_input_tokens`. */
function writesIn(creation: unknown): WritesByTtl | undefined {
  if (!isRecord(creation)) return undefined
  const writes: Record<string, number> = {}
  for (const ttl of ['5m', '30m', '1h', '12h']) {
    const count = countOf(creation[`ephemeral_${ttl}_input_tokens`])
    if (count !== undefined && count > 0) writes[ttl] = count
  }
  return writes
}

/**
 * Returns the counts of the steps that are billed. A step without output is not billed, because the model declined before its first token.
 * See https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback.
 * @param iterations the list `usage.iterations` of a message
 */
export function stepsIn(iterations: readonly unknown[]): readonly Counts[] {
  return iterations
    .slice(0, MAX_STEPS)
    .flatMap((step) => (isRecord(step) ? [{ ...countsIn(step), model: modelIn(step['model']) }] : []))
    .filter(({ output = 0 }) => output > 0)
}

/** Reads the name of a model; undefined if there is none. A text that cannot be a name becomes `other`, whose price is unknown. */
export function modelIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return MODEL.test(value) ? value : 'other'
}

const MODEL = /^[\w.:@/-]{1,128}$/

/** Adds up the tokens of the steps of each model. Steps that name no model, and those whose counts cannot be right, are left out. */
export function tokensByModel(steps: readonly Counts[]): ReadonlyMap<string, MessageTokens> {
  const ofModel = Map.groupBy(steps, ({ model }) => model)
  const tokens = new Map<string, MessageTokens>()
  for (const [model, own] of ofModel) {
    const sum = model === undefined ? undefined : tokensOf(NO_TOKENS, own)
    if (model !== undefined && sum) tokens.set(model, sum)
  }
  return tokens
}

const NO_TOKENS: Counts = { input: 0, output: 0 }

/**
 * Adds up all tokens of a message. The totals that it reports leave out some steps, such as a compaction or an answer that was declined
 * half-way. So each count is the larger one of the reported total and the sum of the steps.
 * @returns undefined if the counts are incomplete or cannot be right
 */
export function tokensOf(totals: Counts, steps: readonly Counts[]): MessageTokens | undefined {
  const own = classesOf(totals)
  if (!own) return undefined
  const sums = steps.map(classesOf).filter((step) => step !== undefined)
  const all = (of: (classes: Classes) => number): number => Math.max(of(own), sum(sums.map(of)))
  const cachedInputTokens = all(({ cacheRead }) => cacheRead)
  const cacheWriteInputTokens = all(({ cacheWrite }) => cacheWrite)
  const inputTokens = all(({ input }) => input) + cachedInputTokens + cacheWriteInputTokens
  const outputTokens = all(({ output }) => output)
  if (inputTokens > MAX_TOKENS || outputTokens > MAX_TOKENS) return undefined
  const writesByTtl = sumOfWrites(sums.some(({ writesByTtl: writes }) => hasFields(writes)) ? sums : [own])
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens,
    cacheWriteInputTokens,
    ...(hasFields(writesByTtl) && { cacheWriteTokensByTtl: writesByTtl }),
  }
}

interface Classes {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly writesByTtl: WritesByTtl
}

function classesOf(counts: Counts): Classes | undefined {
  const { input, output, cacheRead = 0, cacheWrite = 0, writesByTtl = {} } = counts
  if (input === undefined || output === undefined) return undefined
  if (![input, output, cacheRead, cacheWrite].every(Number.isFinite)) return undefined
  return {
    input,
    output,
    cacheRead,
    cacheWrite: Math.max(cacheWrite, sum(Object.values(writesByTtl))),
    writesByTtl,
  }
}

function hasFields(object: object): boolean {
  return Object.keys(object).length > 0
}

function sumOfWrites(steps: readonly Classes[]): WritesByTtl {
  const writes: Record<string, number> = {}
  for (const { writesByTtl } of steps)
    for (const [ttl, count] of Object.entries(writesByTtl)) writes[ttl] = (writes[ttl] ?? 0) + count
  return writes
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
