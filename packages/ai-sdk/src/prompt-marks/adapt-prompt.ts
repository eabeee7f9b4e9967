import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider'

import { Tally, type Adaptation } from './adaptation.ts'
import { adaptAssistantParts } from './assistant-parts.ts'
import { withoutForeignMarks, foreignVendor } from './marks.ts'
import { withoutKeys, type PromptTarget } from './prompt-target.ts'
import { foreignProviderCalls } from './provider-tools.ts'
import { whyUnable } from './stored-files.ts'
import { ToolCallIds } from './tool-call-ids.ts'

export interface AdaptPromptOptions {
  /** The model that the prompt is sent to, from {@link promptTarget}. */
  readonly to: PromptTarget
  /** The tools of the request: the provider's tool of a name shows which vendor executed a call of this name. */
  readonly tools?: LanguageModelV4CallOptions['tools']
  /** Whether another account of the same vendor wrote a message. Its marks are then removed like those of another vendor. */
  readonly isForeign?: ((message: LanguageModelV4Message) => boolean) | undefined
}

export interface AdaptedPrompt {
  /** The prompt for the target: the very object that was passed if nothing had to change. */
  readonly prompt: LanguageModelV4Prompt
  /** What was removed or replaced, one line for each kind and vendor. Without any text of the prompt. */
  readonly dropped: readonly string[]
  /** Why the target cannot answer this prompt at all. Absent: it can. */
  readonly unable?: string
}

/**
 * Removes or replaces what other vendors left in a conversation and what the target refuses: reasoning, item ids,
 * signatures, calls of tools that a vendor executed itself, and tool call ids of another form. Texts, calls of the
 * caller's tools and their results stay, and stay paired. Cache control stays: other vendors do not read it.
 *
 * A Gemini 3 model gets the value that Google documents for function calls of another model, in place of a signature.
 *
 * @param prompt - The prompt of the call. It is never changed.
 */
export function adaptPrompt(prompt: LanguageModelV4Prompt, options: AdaptPromptOptions): AdaptedPrompt {
  const { to: target, tools, isForeign } = options
  const tally = new Tally()
  const ids = new ToolCallIds(target, target.toolCallId === undefined ? new Set() : idsOf(prompt))
  const stranger = isForeign && withoutKeys(target)
  const targetOf = (message: LanguageModelV4Message): PromptTarget =>
    stranger && isForeign(message) ? stranger : target
  const foreignCalls = foreignProviderCalls(prompt, targetOf, tools)
  const own: Adaptation = { target, ids, foreignCalls, tally }

  let changed: LanguageModelV4Message[] | undefined
  for (const [at, message] of prompt.entries()) {
    const accepts = targetOf(message)
    const adapted = adaptMessage(message, accepts === target ? own : { ...own, target: accepts })
    if (adapted !== message) changed ??= prompt.slice(0, at)
    if (changed !== undefined && adapted !== undefined) changed.push(adapted)
  }
  for (let count = ids.count; count > 0; count--) tally.add('tool call ids', 'replaced')

  const elsewhere = whyUnable(prompt, target)
  const adapted = { prompt: changed ?? prompt, dropped: tally.lines() }
  return elsewhere === undefined ? adapted : { ...adapted, unable: elsewhere }
}

function adaptMessage(
  message: LanguageModelV4Message,
  adaptation: Adaptation,
): LanguageModelV4Message | undefined {
  if (message.role === 'assistant') {
    const content = adaptAssistantParts(message.content, adaptation)
    if (content === message.content) return message
    return content.length === 0 ? undefined : { ...message, content }
  }
  if (message.role !== 'tool') return message
  const content = adaptToolParts(message.content, adaptation)
  if (content === message.content) return message
  return content.length === 0 ? undefined : { ...message, content }
}

type ToolParts = Extract<LanguageModelV4Message, { role: 'tool' }>['content']

function adaptToolParts(parts: ToolParts, { target, ids, foreignCalls, tally }: Adaptation): ToolParts {
  const adapted: ToolParts = []
  for (const part of parts) {
    if (part.type === 'tool-approval-response') {
      // An approval answers a request of the vendor that executes the call. If its calls became text, no request is left.
      if (foreignCalls === undefined) adapted.push(part)
      else tally.add('tool approval', 'removed, the call it belongs to is sent as text')
      continue
    }
    // The text that took the place of the call holds the result.
    if (foreignCalls?.get(part.toolCallId)?.result !== undefined) continue
    const vendor = foreignVendor(part, target)
    if (vendor !== undefined) tally.add(vendor, 'marks removed')
    const bare = withoutForeignMarks(part, target)
    const toolCallId = ids.of(bare.toolCallId)
    adapted.push(toolCallId === bare.toolCallId ? bare : { ...bare, toolCallId })
  }
  return adapted.length === parts.length && adapted.every((part, at) => part === parts[at]) ? parts : adapted
}

function idsOf(prompt: LanguageModelV4Prompt): ReadonlySet<string> {
  const given = new Set<string>()
  for (const message of prompt) {
    if (message.role !== 'assistant' && message.role !== 'tool') continue
    for (const part of message.content) if ('toolCallId' in part) given.add(part.toolCallId)
  }
  return given
}
