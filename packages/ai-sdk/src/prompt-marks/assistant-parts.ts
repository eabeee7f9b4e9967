import type { LanguageModelV4Message, LanguageModelV4ToolCallPart } from '@ai-sdk/provider'

import type { Adaptation } from './adaptation.ts'
import { foreignVendor, hasOwnMark, withoutForeignMarks } from './marks.ts'
import type { PromptTarget } from './prompt-target.ts'
import { callAsText, resultAsText } from './provider-tools.ts'
import { isStoredElsewhere, storesOf } from './stored-files.ts'

type Parts = Extract<LanguageModelV4Message, { role: 'assistant' }>['content']
type Part = Parts[number]

/** The value that Google documents for a function call of another model, which has no signature of Gemini's. */
const UNSIGNED_CALL = 'skip_thought_signature_validator'

/** The parts of an assistant message as the target takes them. The same list if nothing had to change. */
export function adaptAssistantParts(parts: Parts, adaptation: Adaptation): Parts {
  const { target } = adaptation
  const maker = parts.some((part) => hasOwnMark(part, target)) ? undefined : vendorOf(parts, target)
  const adapted: Part[] = []
  for (const part of parts) adaptPart(part, maker, adaptation, adapted)
  if (target.needsThoughtSignature) signFirstCall(adapted, adaptation)
  return adapted.length === parts.length && adapted.every((part, at) => part === parts[at]) ? parts : adapted
}

/** The first vendor, other than the target, whose mark stands on one of the parts. */
function vendorOf(parts: Parts, target: PromptTarget): string | undefined {
  for (const part of parts) {
    const vendor = foreignVendor(part, target)
    if (vendor !== undefined) return vendor
  }
  return undefined
}

/** Appends what the target gets for one part: the part, another part, or nothing. */
function adaptPart(part: Part, maker: string | undefined, adaptation: Adaptation, adapted: Part[]): void {
  const { target, ids, foreignCalls, tally } = adaptation
  const vendor = foreignVendor(part, target)
  switch (part.type) {
    case 'reasoning':
    case 'reasoning-file': {
      const owner = hasOwnMark(part, target) ? undefined : (vendor ?? maker)
      if (owner !== undefined) {
        tally.add(owner, 'reasoning removed')
        return
      }
      break
    }
    case 'custom': {
      const owner = part.kind.split('.')[0] ?? part.kind
      if (!target.keys.has(owner)) {
        tally.add(owner, 'custom part removed')
        return
      }
      break
    }
    case 'file':
      if (isStoredElsewhere(part.data, target)) {
        tally.add(storesOf(part.data), 'stored file of an answer removed')
        return
      }
      break
    case 'tool-call': {
      const foreign = part.providerExecuted === true ? foreignCalls?.get(part.toolCallId) : undefined
      if (foreign === undefined) break
      tally.add(foreign.vendor, 'call of a tool of the vendor sent as text')
      adapted.push({ type: 'text', text: callAsText(part) })
      if (foreign.result !== undefined) adapted.push({ type: 'text', text: resultAsText(foreign.result) })
      return
    }
    case 'tool-result': {
      const owner =
        foreignCalls?.get(part.toolCallId)?.vendor ?? (hasOwnMark(part, target) ? undefined : vendor)
      if (owner === undefined) break
      tally.add(owner, 'result of a tool of the vendor sent as text')
      adapted.push({ type: 'text', text: resultAsText(part) })
      return
    }
    case 'text':
      break
  }
  if (vendor !== undefined) tally.add(vendor, 'marks removed')
  // An empty text only carried the mark, and vendors refuse empty texts.
  if (vendor !== undefined && part.type === 'text' && part.text === '') return
  const bare = withoutForeignMarks(part, target)
  if (bare.type === 'tool-call') {
    const toolCallId = ids.of(bare.toolCallId)
    adapted.push(toolCallId === bare.toolCallId ? bare : { ...bare, toolCallId })
  } else adapted.push(bare)
}

/** Gemini 3 wants a signature on the first function call of each answer, and refuses the request without. */
function signFirstCall(parts: Part[], { tally }: Adaptation): void {
  const first = parts.findIndex(isFunctionCall)
  const call = parts[first]
  if (call?.type !== 'tool-call') return
  for (const part of parts) if (isFunctionCall(part) && isSigned(part)) return
  const google = { ...call.providerOptions?.['google'], thoughtSignature: UNSIGNED_CALL }
  parts[first] = { ...call, providerOptions: { ...call.providerOptions, google } }
  tally.add('google', 'a function call without a signature sent with the value documented for it')
}

function isFunctionCall(part: Part): part is LanguageModelV4ToolCallPart {
  return part.type === 'tool-call' && part.providerExecuted !== true
}

function isSigned(part: LanguageModelV4ToolCallPart): boolean {
  for (const key in part.providerOptions) {
    const signature = part.providerOptions[key]?.['thoughtSignature']
    if (signature !== undefined && signature !== null) return true
  }
  return false
}
