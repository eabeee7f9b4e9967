import type {
  JSONObject,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4ToolChoice,
} from '@ai-sdk/provider'
import { onlyKnown, recordIn, textIn } from './fields.ts'
import { cleanName, isRecord } from './json.ts'
import { invalid, unsupported } from './request-error.ts'

const FUNCTION_FIELDS: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'strict'])
const NO_PARAMETERS = { type: 'object', properties: {} } as const

/** Converts the tools of a request. @throws RequestError for a tool that is not a function */
export function toolsOf(tools: unknown): LanguageModelV4FunctionTool[] {
  if (!Array.isArray(tools)) throw invalid('tools must be a list.')
  return tools.map((tool: unknown) => {
    if (!isRecord(tool)) throw invalid('A tool must be an object.')
    if (tool['type'] !== 'function') throw unsupported(`a tool of the type ${cleanName(tool['type'])}`)
    onlyKnown(tool, new Set(['type', 'function']), 'a tool')
    const described = recordIn(tool, 'function', 'a tool')
    onlyKnown(described, FUNCTION_FIELDS, 'the function of a tool')
    const { description, parameters, strict } = described
    return {
      type: 'function',
      name: textIn(described, 'name', 'the function of a tool'),
      inputSchema: parameters == null ? NO_PARAMETERS : recordIn(described, 'parameters', 'a tool'),
      ...(description != null && { description: textIn(described, 'description', 'a tool') }),
      ...(strict != null && { strict: strict === true }),
    }
  })
}

/** Converts `tool_choice`. @throws RequestError for a choice that the AI SDK does not have */
export function toolChoiceOf(choice: unknown): LanguageModelV4ToolChoice {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { type: choice }
  if (!isRecord(choice)) throw unsupported(`tool_choice ${cleanName(choice)}`)
  if (choice['type'] !== 'function') throw unsupported(`tool_choice of the type ${cleanName(choice['type'])}`)
  onlyKnown(choice, new Set(['type', 'function']), 'tool_choice')
  const chosen = recordIn(choice, 'function', 'tool_choice')
  onlyKnown(chosen, new Set(['name']), 'tool_choice')
  return { type: 'tool', toolName: textIn(chosen, 'name', 'tool_choice') }
}

const SCHEMA_FIELDS: ReadonlySet<string> = new Set(['name', 'description', 'schema', 'strict'])

/**
 * Converts `response_format`.
 * @returns the format, and whether its schema has to be enforced; undefined if the request does not say
 * @throws RequestError for a format that the AI SDK does not have
 */
export function responseFormatOf(format: JSONObject): {
  responseFormat: NonNullable<LanguageModelV4CallOptions['responseFormat']>
  strict?: boolean
} {
  onlyKnown(format, new Set(['type', 'json_schema']), 'response_format')
  switch (format['type']) {
    case 'text':
      return { responseFormat: { type: 'text' } }
    case 'json_object':
      return { responseFormat: { type: 'json' } }
    case 'json_schema': {
      const described = recordIn(format, 'json_schema', 'response_format')
      onlyKnown(described, SCHEMA_FIELDS, 'json_schema')
      const { description, schema, strict } = described
      return {
        responseFormat: {
          type: 'json',
          name: textIn(described, 'name', 'json_schema'),
          ...(description != null && { description: textIn(described, 'description', 'json_schema') }),
          ...(schema != null && { schema: recordIn(described, 'schema', 'json_schema') }),
        },
        ...(strict != null && { strict: strict === true }),
      }
    }
    default:
      throw unsupported(`response_format of the type ${cleanName(format['type'])}`)
  }
}
