import { isRecord, type JsonBody } from '../../base/json.ts'
import type { TokenUsage } from '../../reporting/receipt.ts'
import { addUses, toolUsesIn, type ToolUses } from '../shared/tool-uses.ts'

/** The number of uses assumed for a tool that a request offers without a limit. */
const USUAL_USES = 10
/** The most uses of a tool that a request may allow. A higher limit counts as this one. */
const MAX_USES = 1_000
const SEARCHES = 'web_search_requests'

/** The tools that cost nothing but tokens: the caller runs them itself, or OpenAI does not charge for them. */
const FREE_TOOLS = new Set<unknown>([
  'apply_patch',
  'computer',
  'computer_use',
  'computer_use_preview',
  'custom',
  'custom_tool',
  'function',
  'local_shell',
  'mcp',
  'namespace',
  'programmatic_tool_calling',
  'tool_search',
])

/**
 * Estimates how often the provider may run each of its own tools for a request. A tool that is not known to be free counts, also if Harbor
 * does not know it.
 */
export function toolUsesOfRequest(body: JsonBody): ToolUses {
  const { tools, max_tool_calls: limit } = body
  const allowed = typeof limit === 'number' && limit >= 0 ? Math.min(limit, MAX_USES) : USUAL_USES
  let uses: Record<string, number> | undefined
  // A model that searches for a chat does so once.
  if (isRecord(body['web_search_options'])) uses = { [SEARCHES]: 1 }
  for (const tool of Array.isArray(tools) ? (tools as readonly unknown[]) : []) {
    if (!isRecord(tool)) continue
    const { type = 'function' } = tool
    if (typeof type !== 'string' || FREE_TOOLS.has(type) || isLocal(tool)) continue
    uses = addUses(uses, nameOf(type), allowed)
  }
  return uses
}

/** Whether a tool, or a use of it, is known to run on the caller's own machine. */
function isLocal({ environment }: JsonBody): boolean {
  return isRecord(environment) && environment['type'] === 'local'
}

/** The actions of a web search that are free, because they only read a page that was found before. */
const FREE_ACTIONS = new Set<unknown>(['open_page', 'find_in_page'])

/**
 * Counts how often the provider ran its own tools for an answer: by the items of a response, the sources that a chat cites, and the counts
 * that gateways and other vendors add to the usage report. Undefined if it ran none.
 * @param cites whether a chat cites sources: see `citesSources`
 */
export function toolUsesOfAnswer({ output }: JsonBody, usage: JsonBody, cites: boolean): ToolUses {
  let uses: Record<string, number> | undefined
  for (const item of Array.isArray(output) ? (output as readonly unknown[]) : []) {
    const name = isRecord(item) ? chargedCall(item) : undefined
    if (name !== undefined) uses = addUses(uses, name, 1)
  }
  if (cites) uses = addUses(uses, SEARCHES, 1)
  const counted = toolUsesIn(usage['server_tool_use']) ?? toolUsesIn(usage['server_side_tool_usage_details'])
  return counted ? { ...uses, ...counted } : uses
}

/** Returns the name under which an item of an output is counted; undefined if it is no use of a tool that is charged. */
function chargedCall(item: JsonBody): string | undefined {
  const { type, action } = item
  if (typeof type !== 'string' || !type.endsWith('_call')) return undefined
  const tool = type.slice(0, -'_call'.length)
  if (FREE_TOOLS.has(tool) || isLocal(item)) return undefined
  return isRecord(action) && FREE_ACTIONS.has(action['type']) ? undefined : nameOf(tool)
}

/** Whether a choice of a chat, or of one of its chunks, cites a source. Only models that search the web do. */
export function citesSources(choices: unknown): boolean {
  if (!Array.isArray(choices)) return false
  for (const choice of choices as readonly unknown[]) {
    if (!isRecord(choice)) continue
    const message = choice['message'] ?? choice['delta']
    const annotations = isRecord(message) ? message['annotations'] : undefined
    if (Array.isArray(annotations) && annotations.length > 0) return true
  }
  return false
}

/** Returns the name under which the uses of a tool are counted. Versions and previews of a tool are counted as the tool. */
function nameOf(tool: string): string {
  const name = tool.replace(/_(?:preview|\d).*$/, '')
  return NAME.test(name) ? `${name}_requests` : 'other_requests'
}

const NAME = /^[a-z]\w{0,54}$/

/** Adds the uses of tools to a usage, if there are any. */
export function withToolUses(usage: TokenUsage, serverToolUses: ToolUses): TokenUsage {
  return serverToolUses ? { ...usage, serverToolUses } : usage
}
