import { asArray, asObject, asString, isObject, type JsonObject } from '../../answers/json.ts'
import { conversation, limitOf, type Prompt, type Spoken, textOf, type Tool } from '../../answers/prompt.ts'

/** Returns the prompt in the body of a request to /v1/chat/completions. */
export function chatPrompt(body: JsonObject): Prompt {
  const messages = asArray(body['messages']).map(asObject)
  const tools = asArray(body['tools']).map((tool) => asObject(asObject(tool)['function']))
  const format = asObject(body['response_format'])
  const choice = body['tool_choice']
  return {
    ...conversation(messages.map(spoken)),
    ...ofModel(body),
    tools: tools.map(toTool),
    toolChoice: toolChoice(isObject(choice) ? asObject(choice['function'])['name'] : choice),
    parallelToolCalls: body['parallel_tool_calls'] !== false,
    toolsAnswered: messages.at(-1)?.['role'] === 'tool',
    maxTokens: limitOf(body['max_completion_tokens'] ?? body['max_tokens']),
    schema: wantedSchema(format['type'], asObject(format['json_schema'])['schema']),
  }
}

/** Returns the prompt in the body of a request to /v1/responses. */
export function responsesPrompt(body: JsonObject): Prompt {
  const input = body['input']
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : asArray(input).map(asObject)
  const instructions = asString(body['instructions'])
  const format = asObject(asObject(body['text'])['format'])
  const choice = body['tool_choice']
  return {
    ...conversation([
      ...(instructions ? [{ role: 'system', text: instructions }] : []),
      ...items.map(spoken),
    ]),
    ...ofModel(body),
    tools: asArray(body['tools'])
      .map(asObject)
      .filter((tool) => tool['type'] === 'function')
      .map(toTool),
    toolChoice: toolChoice(isObject(choice) ? choice['name'] : choice),
    parallelToolCalls: body['parallel_tool_calls'] !== false,
    toolsAnswered: items.at(-1)?.['type'] === 'function_call_output',
    maxTokens: limitOf(body['max_output_tokens']),
    schema: wantedSchema(format['type'], format['schema']),
  }
}

function ofModel(body: JsonObject): Pick<Prompt, 'model' | 'thinks' | 'stopSequences'> {
  const model = asString(body['model'])
  return { model, thinks: model.includes('reason'), stopSequences: [] }
}

function spoken(message: JsonObject): Spoken {
  return { role: asString(message['role']), text: textOf(message['content'] ?? message['output']) }
}

function toTool(tool: JsonObject): Tool {
  return { name: asString(tool['name']), parameters: tool['parameters'] }
}

function toolChoice(choice: unknown): Prompt['toolChoice'] {
  if (choice === 'none' || choice === 'required') return choice
  return typeof choice === 'string' && choice !== 'auto' ? { name: choice } : 'auto'
}

function wantedSchema(type: unknown, schema: unknown): unknown {
  if (type === 'json_schema') return schema ?? true
  return type === 'json_object' ? true : undefined
}
