import type { JSONObject, LanguageModelV4FunctionTool, LanguageModelV4ToolChoice } from '@ai-sdk/provider'
import { onlyKnown, recordIn, textIn } from './fields.ts'
import { cleanName, isRecord } from '../json.ts'
import { invalid, unsupported } from './request-error.ts'

const FUNCTION_FIELDS: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'strict'])
const NO_PARAMETERS = { type: 'object', properties: {} } as const

/** Converts the tools of a request. @throws RequestError for a tool that is not a function */
function toolsOf(tools: unknown): LanguageModelV4FunctionTool[] {
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

type Tools = readonly LanguageModelV4FunctionTool[]

/** The tools that a model may call, and whether it has to call one. */
export interface ChosenTools {
  readonly tools?: LanguageModelV4FunctionTool[]
  readonly toolChoice?: LanguageModelV4ToolChoice
}

/**
 * Converts `tools` and `tool_choice`. The choice of allowed tools leaves the other tools out.
 * @throws RequestError for a tool that is not a function, and for a choice that the AI SDK does not have
 */
export function chosenToolsOf({ tools: given, tool_choice: choice }: JSONObject): ChosenTools {
  const tools = given == null ? [] : toolsOf(given)
  if (choice == null) return tools.length === 0 ? {} : { tools }
  if (tools.length === 0) {
    if (choice === 'auto' || choice === 'none') return {}
    throw invalid('tool_choice needs tools.')
  }
  if (choice === 'auto' || choice === 'none' || choice === 'required')
    return { tools, toolChoice: { type: choice } }
  if (!isRecord(choice)) throw unsupported(`tool_choice ${cleanName(choice)}`)
  if (choice['type'] === 'allowed_tools') return allowedTools(choice, tools)
  return { tools, toolChoice: { type: 'tool', toolName: chosenName(choice, 'tool_choice', tools) } }
}

/** Returns the name in a choice or in an entry of a list of allowed tools. */
function chosenName(choice: JSONObject, where: string, tools: Tools): string {
  if (choice['type'] !== 'function') throw unsupported(`${where} of the type ${cleanName(choice['type'])}`)
  onlyKnown(choice, new Set(['type', 'function']), where)
  const chosen = recordIn(choice, 'function', where)
  onlyKnown(chosen, new Set(['name']), where)
  const name = textIn(chosen, 'name', where)
  if (!tools.some((tool) => tool.name === name)) throw invalid(`${where} names a tool that is not in tools.`)
  return name
}

function allowedTools(choice: JSONObject, tools: Tools): ChosenTools {
  onlyKnown(choice, new Set(['type', 'allowed_tools']), 'tool_choice')
  const allowed = recordIn(choice, 'allowed_tools', 'tool_choice')
  onlyKnown(allowed, new Set(['mode', 'tools']), 'allowed_tools')
  const { mode, tools: entries } = allowed
  if (mode !== 'auto' && mode !== 'required')
    throw unsupported(`allowed_tools with the mode ${cleanName(mode)}`)
  if (!Array.isArray(entries) || entries.length === 0)
    throw invalid('tools in allowed_tools must be a list of at least one tool.')
  const names = new Set(
    entries.map((entry: unknown) => {
      if (!isRecord(entry)) throw invalid('An allowed tool must be an object.')
      return chosenName(entry, 'an allowed tool', tools)
    }),
  )
  return { tools: tools.filter(({ name }) => names.has(name)), toolChoice: { type: mode } }
}
