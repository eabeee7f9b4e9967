import type { JSONObject, JSONValue } from '@ai-sdk/provider'
import { isRecord } from '../json.ts'
import { invalid } from './request-error.ts'

/** Whether a request has its tools in the older format of the chat completions API. Its answer then has at most one call. */
export function isOlderFormat({ functions }: JSONObject): boolean {
  return functions != null
}

/**
 * Converts a request of the older format: `functions` and `function_call`, calls and their results in messages, to `tools`, `tool_choice`,
 * `tool_calls` and tool messages. Such calls have no ids, so each gets the number of its message as its id.
 * @returns the request itself if it has nothing of the older format
 * @throws RequestError when it mixes the formats, or has a result without a call
 */
export function inCurrentFormat(body: JSONObject): JSONObject {
  const { functions, function_call: choice, messages } = body
  if (functions != null && (body['tools'] != null || body['tool_choice'] != null))
    throw invalid('functions cannot be combined with tools and tool_choice.')
  const converted = isList(messages) ? messagesOf(messages) : messages
  if (functions == null && choice == null && converted === messages) return body
  if (functions == null && choice != null && choice !== 'auto' && choice !== 'none')
    throw invalid('function_call needs functions.')
  return {
    ...body,
    messages: converted,
    ...(functions != null && { tools: toolsOf(functions) }),
    ...(functions != null && choice != null && { tool_choice: choiceOf(choice) }),
  }
}

function toolsOf(functions: JSONValue): JSONValue {
  if (!isList(functions)) throw invalid('functions must be a list.')
  return functions.map((described) => ({ type: 'function', function: described }))
}

function choiceOf(choice: JSONValue): JSONValue {
  return isRecord(choice) ? { type: 'function', function: choice } : choice
}

function messagesOf(messages: JSONValue[]): JSONValue[] {
  let lastCall: { readonly id: string; readonly name: unknown } | undefined
  const converted = messages.map((message, index) => {
    if (!isRecord(message)) return message
    const { function_call: called, ...rest } = message
    if (message['role'] === 'assistant' && isRecord(called)) {
      if (message['tool_calls'] != null)
        throw invalid('A message cannot have both function_call and tool_calls.')
      lastCall = { id: `call_${index}`, name: called['name'] }
      return { ...rest, tool_calls: [{ id: lastCall.id, type: 'function', function: called }] }
    }
    if (message['role'] === 'function') {
      if (!lastCall || lastCall.name !== message['name'])
        throw invalid(
          'A function message must follow an assistant message with a function_call of the same name.',
        )
      return { role: 'tool', tool_call_id: lastCall.id, content: message['content'] }
    }
    return message
  })
  return converted.some((message, index) => message !== messages[index]) ? converted : messages
}

function isList(value: JSONValue | undefined): value is JSONValue[] {
  return Array.isArray(value)
}
