import type { LanguageModelV4Prompt } from '@ai-sdk/provider'

/** The maximum number of tool calls of a prompt that are looked up: those of the last step. */
const MAX_TOOL_CALLS = 128

/**
 * Returns the keys under which the target of a conversation is remembered: the ids of the tool calls in the last assistant message, and the
 * session, which comes last and so takes precedence.
 */
export function conversationKeys(
  prompt: LanguageModelV4Prompt,
  session: string | undefined,
): readonly string[] {
  const last = prompt.findLast((message) => message.role === 'assistant')
  const keys = (last?.content ?? [])
    .slice(-MAX_TOOL_CALLS)
    .flatMap((part) => (part.type === 'tool-call' ? [keyOfToolCall(part.toolCallId)] : []))
  return session === undefined ? keys : [...keys, `session:${session}`]
}

export function keyOfToolCall(id: string): string {
  return `call:${id}`
}
