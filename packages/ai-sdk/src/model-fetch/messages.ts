import { parseExactly } from '@harbor/parts'
import type { JSONObject, LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider'
import { textContent, userContent } from './content-parts.ts'
import type { Dropped } from './dropped.ts'
import { onlyKnown, recordIn, textIn } from './fields.ts'
import { cleanName, isRecord, parseJson } from '../json.ts'
import { invalid, unsupported } from './request-error.ts'
import type { TargetModel } from './target-model.ts'

const PLAIN_FIELDS: ReadonlySet<string> = new Set(['role', 'content', 'name'])
const TOOL_FIELDS: ReadonlySet<string> = new Set([...PLAIN_FIELDS, 'tool_call_id'])
const ASSISTANT_FIELDS: ReadonlySet<string> = new Set([
  ...PLAIN_FIELDS,
  'refusal',
  'tool_calls',
  'annotations',
  'reasoning_content',
  'parsed', // what `parse()` of the OpenAI client adds to a message: its content once more
])
const CALLED_FIELDS: ReadonlySet<string> = new Set(['name', 'arguments', 'parsed_arguments'])
/** The fields of an earlier answer that only describe it. */
const DESCRIPTIVE = ['name', 'annotations', 'reasoning_content'] as const

/**
 * Converts the messages of a chat request to a prompt of the AI SDK.
 * @throws RequestError when a message is invalid, or cannot be expressed for the model
 */
export function promptOf(messages: unknown, target: TargetModel, dropped: Dropped): LanguageModelV4Prompt {
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid('messages must be a list of at least one message.')
  const toolNames = new Map<string, string>()
  const prompt: LanguageModelV4Prompt = []
  for (const message of messages as readonly unknown[]) {
    if (!isRecord(message)) throw invalid('A message must be an object.')
    noteDescriptive(message, dropped)
    const converted = convert(message, target, toolNames)
    // Providers refuse messages without content, which OpenAI accepts. They have no meaning.
    if (converted.content.length === 0) continue
    const last = prompt.at(-1)
    // The AI SDK has one message for the results of all tool calls of a turn.
    if (converted.role === 'tool' && last?.role === 'tool') last.content.push(...converted.content)
    else prompt.push(converted)
  }
  if (prompt.length === 0) throw invalid('messages must have at least one message with content.')
  return prompt
}

function noteDescriptive(message: JSONObject, dropped: Dropped): void {
  for (const field of DESCRIPTIVE) {
    const value = message[field]
    if (value != null && value !== '' && !(Array.isArray(value) && value.length === 0))
      dropped.add(`messages.${field}`)
  }
}

function convert(
  message: JSONObject,
  target: TargetModel,
  toolNames: Map<string, string>,
): LanguageModelV4Message {
  const { role, content } = message
  switch (role) {
    case 'system':
    case 'developer':
      onlyKnown(message, PLAIN_FIELDS, `a ${role} message`)
      return { role: 'system', content: textContent(content, role) }
    case 'user':
      onlyKnown(message, PLAIN_FIELDS, 'a user message')
      return { role: 'user', content: userContent(content, target) }
    case 'assistant':
      return assistantMessage(message, toolNames)
    case 'tool':
      return toolMessage(message, toolNames)
    default:
      throw unsupported(`a message with the role ${cleanName(role)}`)
  }
}

type AssistantContent = Extract<LanguageModelV4Message, { role: 'assistant' }>['content']

function assistantMessage(message: JSONObject, toolNames: Map<string, string>): LanguageModelV4Message {
  onlyKnown(message, ASSISTANT_FIELDS, 'an assistant message')
  const parts: AssistantContent = []
  const { content, refusal, tool_calls: calls } = message
  if (content != null) addText(parts, textContent(content, 'assistant', true))
  if (refusal != null) addText(parts, textIn(message, 'refusal', 'an assistant message'))
  if (calls != null) {
    if (!Array.isArray(calls)) throw invalid('tool_calls must be a list.')
    for (const call of calls) parts.push(toolCall(call, toolNames))
  }
  return { role: 'assistant', content: parts }
}

function addText(parts: AssistantContent, text: string): void {
  if (text !== '') parts.push({ type: 'text', text })
}

function toolCall(call: unknown, toolNames: Map<string, string>): AssistantContent[number] {
  if (!isRecord(call)) throw invalid('A tool call must be an object.')
  if (call['type'] !== 'function') throw unsupported(`a tool call of the type ${cleanName(call['type'])}`)
  onlyKnown(call, new Set(['id', 'type', 'function', 'index']), 'a tool call')
  const called = recordIn(call, 'function', 'a tool call')
  onlyKnown(called, CALLED_FIELDS, 'the function of a tool call')
  const toolCallId = textIn(call, 'id', 'a tool call')
  const toolName = textIn(called, 'name', 'the function of a tool call')
  const text = textIn(called, 'arguments', 'the function of a tool call')
  const input = text.trim() === '' ? {} : parseJson(text, parseExactly)
  if (input === undefined) throw unsupported('a tool call whose arguments are not JSON')
  toolNames.set(toolCallId, toolName)
  return { type: 'tool-call', toolCallId, toolName, input }
}

function toolMessage(message: JSONObject, toolNames: ReadonlyMap<string, string>): LanguageModelV4Message {
  onlyKnown(message, TOOL_FIELDS, 'a tool message')
  const toolCallId = textIn(message, 'tool_call_id', 'a tool message')
  const toolName = toolNames.get(toolCallId)
  if (toolName === undefined)
    throw invalid('A tool message must follow an assistant message with a tool call of the same id.')
  const value = textContent(message['content'], 'tool')
  return {
    role: 'tool',
    content: [{ type: 'tool-result', toolCallId, toolName, output: { type: 'text', value } }],
  }
}
