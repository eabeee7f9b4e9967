import { TOKEN_CLASSES } from './cost-row.ts'
import type { TokenUsage } from './receipt.ts'

/**
 * Adds up the usages of requests. In each of them, a class counts at most as many tokens as the total that it is part of: in an estimate, a class is an
 * upper bound, made before the answer was known.
 */
export function sumOfUsages(usages: readonly TokenUsage[]): TokenUsage {
  const sums = TOKEN_CLASSES.map((name) => {
    const whole = /output|reasoning/i.test(name) ? 'outputTokens' : 'inputTokens'
    // Unknown in one of them is unknown in the sum.
    return [
      name,
      usages.some((usage) => usage[name] === undefined)
        ? undefined
        : usages.reduce((sum, usage) => sum + Math.min(usage[name] ?? 0, usage[whole]), 0),
    ]
  })
  return {
    ...(Object.fromEntries(sums) as TokenUsage),
    cacheWriteTokensByTtl: sumOfCounts(usages.map((usage) => usage.cacheWriteTokensByTtl)),
    serverToolUses: sumOfCounts(usages.map((usage) => usage.serverToolUses)),
  }
}

type Counts = Readonly<Partial<Record<string, number>>>

function sumOfCounts(each: readonly (Counts | undefined)[]): Record<string, number> | undefined {
  let sums: Record<string, number> | undefined
  for (const counts of each)
    for (const name in counts) (sums ??= {})[name] = (sums[name] ?? 0) + (counts[name] ?? 0)
  return sums
}
