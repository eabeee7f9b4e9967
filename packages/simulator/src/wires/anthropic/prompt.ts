import { asArray, asObject, asString, isObject, type JsonObject } from '../../answers/json.ts'
import { conversation, limitOf, type Prompt, type Spoken } from '../../answers/prompt.ts'
import { estimateTokens } from '../../answers/tokens.ts'

/** Returns the prompt in the body of a request to /v1/messages. */
export function messagesPrompt(body: JsonObject): Prompt {
  const messages = asArray(body['messages']).map(asObject)
  const tools = asArray(body['tools']).map(asObject)
  const choice = asObject(body['tool_choice'])
  const last = asArray(messages.at(-1)?.['content'])
  const spoken = conversation([...systemOf(body), ...messages.map(toSpoken)])
  return {
    ...spoken,
    inputTokens: spoken.inputTokens + (tools.length > 0 ? estimateTokens(JSON.stringify(tools)) : 0),
    model: asString(body['model']),
    // Tools that the server runs have no schema. The simulator does not call them.
    tools: tools
      .filter((tool) => isObject(tool['input_schema']))
      .map((tool) => ({ name: asString(tool['name']), parameters: tool['input_schema'] })),
    toolChoice: toolChoice(choice),
    parallelToolCalls: choice['disable_parallel_tool_use'] !== true,
    toolsAnswered: last.some((block) => asObject(block)['type'] === 'tool_result'),
    maxTokens: limitOf(body['max_tokens']),
    stopSequences: asArray(body['stop_sequences']).map(asString),
    thinks: thinkingOf(body) !== undefined,
    schema: formatOf(body),
  }
}

/**
 * Returns how thoughts are sent: with their text, or only with a signature (`'omitted'`). Undefined if the request does not let the model
 * think.
 */
export function thinkingOf(body: JsonObject): 'summarized' | 'omitted' | undefined {
  const { type, display } = asObject(body['thinking'])
  if (type !== 'enabled' && type !== 'adaptive') return undefined
  return display === 'omitted' ? 'omitted' : 'summarized'
}

function systemOf({ system }: JsonObject): Spoken[] {
  return system === undefined ? [] : [{ role: 'system', text: blocksText(system) }]
}

function toSpoken(message: JsonObject): Spoken {
  return { role: asString(message['role']), text: blocksText(message['content']) }
}

/** Returns all text in the `content` of a message: text blocks, thoughts, and the inputs and results of tools. */
export function blocksText(content: unknown): string {
  if (typeof content === 'string') return content
  return asArray(content).map(blockText).join(' ')
}

function blockText(block: unknown): string {
  const { type, text, thinking, name, input, content } = asObject(block)
  if (type === 'tool_use') return `${asString(name)} ${JSON.stringify(input ?? {})}`
  if (type === 'tool_result') return blocksText(content)
  return asString(text) || asString(thinking)
}

function toolChoice({ type, name }: JsonObject): Prompt['toolChoice'] {
  if (type === 'none') return 'none'
  if (type === 'any') return 'required'
  return type === 'tool' ? { name: asString(name) } : 'auto'
}

function formatOf(body: JsonObject): unknown {
  const format = asObject(asObject(body['output_config'])['format'] ?? body['output_format'])
  return format['type'] === 'json_schema' ? (format['schema'] ?? true) : undefined
}
