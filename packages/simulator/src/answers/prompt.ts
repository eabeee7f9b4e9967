import { asArray, asObject, asString, isObject, type JsonObject } from './json.ts'
import { estimateTokens } from './tokens.ts'

/** The input of a model, for every endpoint. */
export interface Prompt {
  model: string
  /** The text of all messages, whose hash determines the answer. */
  text: string
  /** The last text of the user. */
  question: string
  inputTokens: number
  tools: readonly Tool[]
  toolChoice: 'auto' | 'none' | 'required' | { name: string }
  parallelToolCalls: boolean
  /** Whether the last message is the result of a tool: then the model answers with text. */
  toolsAnswered: boolean
  maxTokens: number
  /** The JSON schema of the answer; true for any JSON. */
  schema: unknown
}

export interface Tool {
  name: string
  parameters: unknown
}

/** The prompt of a body for /v1/chat/completions. */
export function chatPrompt(body: JsonObject): Prompt {
  const messages = asArray(body['messages']).map(asObject)
  const tools = asArray(body['tools']).map((tool) => asObject(asObject(tool)['function']))
  const format = asObject(body['response_format'])
  const choice = body['tool_choice']
  return {
    ...conversation(messages),
    model: asString(body['model']),
    tools: tools.map(toTool),
    toolChoice: toolChoice(isObject(choice) ? asObject(choice['function'])['name'] : choice),
    parallelToolCalls: body['parallel_tool_calls'] !== false,
    toolsAnswered: messages.at(-1)?.['role'] === 'tool',
    maxTokens: limit(body['max_completion_tokens'] ?? body['max_tokens']),
    schema: wantedSchema(format['type'], asObject(format['json_schema'])['schema']),
  }
}

/** The prompt of a body for /v1/responses. */
export function responsesPrompt(body: JsonObject): Prompt {
  const input = body['input']
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : asArray(input).map(asObject)
  const instructions = asString(body['instructions'])
  const format = asObject(asObject(body['text'])['format'])
  const choice = body['tool_choice']
  return {
    ...conversation(instructions ? [{ role: 'system', content: instructions }, ...items] : items),
    model: asString(body['model']),
    tools: asArray(body['tools'])
      .map(asObject)
      .filter((tool) => tool['type'] === 'function')
      .map(toTool),
    toolChoice: toolChoice(isObject(choice) ? choice['name'] : choice),
    parallelToolCalls: body['parallel_tool_calls'] !== false,
    toolsAnswered: items.at(-1)?.['type'] === 'function_call_output',
    maxTokens: limit(body['max_output_tokens']),
    schema: wantedSchema(format['type'], format['schema']),
  }
}

function conversation(messages: readonly JsonObject[]): Pick<Prompt, 'text' | 'question' | 'inputTokens'> {
  let text = ''
  let question = ''
  for (const message of messages) {
    const words = textOf(message['content'] ?? message['output'])
    text += words + '\n'
    if (message['role'] === 'user') question = words
  }
  // As OpenAI counts: a few tokens for each message, and three for the start of the answer.
  return { text, question, inputTokens: estimateTokens(text) + 3 * messages.length + 3 }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return asArray(content)
    .map((part) => asString(asObject(part)['text']))
    .join(' ')
}

function toTool(tool: JsonObject): Tool {
  return { name: asString(tool['name']), parameters: tool['parameters'] }
}

function toolChoice(choice: unknown): Prompt['toolChoice'] {
  if (choice === 'none' || choice === 'required') return choice
  return typeof choice === 'string' && choice !== 'auto' ? { name: choice } : 'auto'
}

function limit(maxTokens: unknown): number {
  return typeof maxTokens === 'number' ? maxTokens : Infinity
}

function wantedSchema(type: unknown, schema: unknown): unknown {
  if (type === 'json_schema') return schema ?? true
  return type === 'json_object' ? true : undefined
}
