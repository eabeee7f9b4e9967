import { isRecord, type JsonBody } from '../../src/base/json.ts'
import type { UsageReader } from '../../src/protocols/shared/delivery.ts'
import type { TokenUsage } from '../../src/reporting/receipt.ts'
import { tokenUsage } from '../../src/reporting/token-usage.ts'

/** Each event repeats the counts so far, so that the last ones are those of the whole answer. */
export class TernCounts implements UsageReader {
  usage: TokenUsage | undefined
  readonly serviceTier = undefined
  readonly costUsd = undefined

  read({ counts }: JsonBody): boolean {
    if (!isRecord(counts)) return false
    this.usage = tokenUsage(Number(counts['in']), Number(counts['out']))
    return true
  }
}
