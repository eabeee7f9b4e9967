import { isRecord } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'

/** How often a provider ran each of its own tools, by the name under which the uses are counted. */
export type ToolUses = TokenUsage['serverToolUses']

/** The maximum number of the provider's own tools whose uses are counted. */
const MAX_TOOLS = 32
/** The highest plausible number of uses of one tool in one call. A higher number is taken for a mistake of the server. */
const MAX_USES = 1_000_000
const TOOL = /^[a-z]\w{0,63}$/
const OTHER = 'other_requests'

/** Adds uses of a tool to the counts. At most 32 tools are counted by name; the uses of all others are added up as `other_requests`. */
export function addUses(
  counts: Record<string, number> | undefined,
  name: string,
  uses: number,
): Record<string, number> {
  const counted = counts ?? {}
  const isNew = !Object.hasOwn(counted, name)
  const key = isNew && Object.keys(counted).length >= MAX_TOOLS ? OTHER : name
  counted[key] = (Object.hasOwn(counted, key) ? (counted[key] ?? 0) : 0) + uses
  return counted
}

/** Reads the counts of a usage report: how often the provider ran each of its own tools. Undefined if it does not say. */
export function toolUsesIn(uses: unknown): ToolUses {
  if (!isRecord(uses)) return undefined
  let counted: Record<string, number> = {}
  for (const name of Object.keys(uses)) {
    const count = uses[name]
    if (isCount(count) && count > 0) counted = addUses(counted, TOOL.test(name) ? name : OTHER, count)
  }
  return counted
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_USES
}
