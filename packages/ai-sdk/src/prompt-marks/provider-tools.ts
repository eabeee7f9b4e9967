import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ToolCallPart,
  LanguageModelV4ToolResultPart,
} from '@ai-sdk/provider'

import { foreignVendor, hasOwnMark, type Marked } from './marks.ts'
import type { PromptTarget } from './prompt-target.ts'

type ToolParts = Extract<LanguageModelV4Message, { role: 'tool' }>['content']
type Tools = LanguageModelV4CallOptions['tools']
export interface ForeignCall {
  readonly vendor: string
  /** Its result, if it is in a tool message: a text takes the place of both. */
  readonly result?: LanguageModelV4ToolResultPart
}
type Maker = { readonly isOwn: boolean; readonly vendor: string }

/** How vendors begin the ids of calls that they executed themselves. */
const ID_PREFIXES: readonly (readonly [RegExp, string])[] = [
  [/^(?:srvtoolu|mcptoolu)_/, 'anthropic'],
  [/^(?:ws|fs|ci|ig|mcp|mcpr|cu|lsh|sh|ts|ap)_[0-9a-f]{16}/, 'openai'],
]

/**
 * The calls of tools that another vendor executed, by tool call id, with the name of that vendor. The vendor is recognised
 * by the mark on the call, the form of its id, the provider's tool of that name in the request, or the marks of the
 * other parts of its message, in this order. A call without any of these stays as it is.
 */
export function foreignProviderCalls(
  prompt: LanguageModelV4Prompt,
  targetOf: (message: LanguageModelV4Message) => PromptTarget,
  tools: Tools,
): ReadonlyMap<string, ForeignCall> | undefined {
  let found: Map<string, ForeignCall> | undefined
  for (const message of prompt) {
    if (message.role === 'tool' && found !== undefined) addResults(message.content, found)
    if (message.role !== 'assistant') continue
    for (const part of message.content) {
      if (part.type !== 'tool-call' || part.providerExecuted !== true) continue
      const target = targetOf(message)
      const maker = makerOf(part, target, tools) ?? makerOfMessage(message.content, target)
      if (maker === undefined || (maker.isOwn && target.replaysProviderTools)) continue
      found ??= new Map()
      found.set(part.toolCallId, { vendor: maker.vendor })
    }
  }
  return found
}

function addResults(parts: ToolParts, found: Map<string, ForeignCall>): void {
  for (const part of parts) {
    const call = part.type === 'tool-result' ? found.get(part.toolCallId) : undefined
    if (call !== undefined && part.type === 'tool-result')
      found.set(part.toolCallId, { ...call, result: part })
  }
}

function makerOf(part: LanguageModelV4ToolCallPart, target: PromptTarget, tools: Tools): Maker | undefined {
  if (hasOwnMark(part, target)) return { isOwn: true, vendor: ownName(target) }
  const vendor =
    foreignVendor(part, target) ??
    ID_PREFIXES.find(([prefix]) => prefix.test(part.toolCallId))?.[1] ??
    vendorOfTool(part.toolName, tools)
  return vendor === undefined ? undefined : { isOwn: target.keys.has(vendor), vendor }
}

/** A provider's tool has an id like `openai.web_search`. */
function vendorOfTool(name: string, tools: Tools): string | undefined {
  for (const tool of tools ?? [])
    if (tool.type === 'provider' && tool.name === name) return tool.id.split('.')[0]
  return undefined
}

function ownName(target: PromptTarget): string {
  const [name] = target.keys
  return name ?? 'target'
}

function makerOfMessage(parts: readonly Marked[], target: PromptTarget): Maker | undefined {
  if (parts.some((part) => hasOwnMark(part, target))) return { isOwn: true, vendor: ownName(target) }
  for (const part of parts) {
    const vendor = foreignVendor(part, target)
    if (vendor !== undefined) return { isOwn: false, vendor }
  }
  return undefined
}

/** The call of another vendor's tool as text, which every model reads. */
export function callAsText(part: LanguageModelV4ToolCallPart): string {
  return `[Called ${part.toolName} with ${jsonOf(part.input)}]`
}

/** The result of another vendor's tool as text. Encrypted fields are left out: only their vendor reads them. */
export function resultAsText(part: LanguageModelV4ToolResultPart): string {
  const { output } = part
  if (output.type === 'execution-denied')
    return `[${part.toolName} was denied: ${output.reason ?? 'no reason given'}]`
  const word = output.type.startsWith('error') ? 'failed' : 'returned'
  return `[${part.toolName} ${word}: ${typeof output.value === 'string' ? output.value : jsonOf(output.value)}]`
}

function jsonOf(value: unknown): string {
  const ancestors: unknown[] = []
  const text: unknown = JSON.stringify(value, function (this: unknown, name: string, field: unknown) {
    if (/^(?:encrypted|signature)/i.test(name)) return undefined
    if (typeof field === 'bigint') return field.toString()
    if (typeof field !== 'object' || field === null) return field
    while (ancestors.length > 0 && ancestors.at(-1) !== this) ancestors.pop()
    if (ancestors.includes(field)) return undefined
    ancestors.push(field)
    return field
  })
  return typeof text === 'string' ? text : '{}'
}
