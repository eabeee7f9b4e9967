import { asArray, asObject, asString, isObject, type JsonObject } from '../../answers/json.ts'
import { conversation, limitOf, type Prompt, type Spoken } from '../../answers/prompt.ts'

/** Returns the prompt in the body of a request to generateContent. */
export function contentPrompt(body: JsonObject): Prompt {
  const contents = asArray(body['contents']).map(asObject)
  const config = asObject(body['generationConfig'])
  const system = body['systemInstruction'] ?? body['system_instruction']
  return {
    ...conversation([...(system === undefined ? [] : [toSpoken(system, 'system')]), ...contents.map(spoken)]),
    model: asString(body['model']),
    tools: asArray(body['tools'])
      .flatMap((tool) => asArray(asObject(tool)['functionDeclarations']))
      .map(asObject)
      .map((tool) => ({
        name: asString(tool['name']),
        parameters: tool['parametersJsonSchema'] ?? tool['parameters'],
      })),
    toolChoice: toolChoice(asObject(asObject(body['toolConfig'])['functionCallingConfig'])),
    parallelToolCalls: true,
    toolsAnswered: asArray(contents.at(-1)?.['parts']).some((part) =>
      isObject(asObject(part)['functionResponse']),
    ),
    maxTokens: limitOf(config['maxOutputTokens']),
    stopSequences: asArray(config['stopSequences']).map(asString),
    thinks: thinks(asString(body['model']), asObject(config['thinkingConfig'])),
    schema: schemaOf(config),
  }
}

/** Whether the request wants the text of thoughts. Otherwise, thoughts are only counted. */
export function includesThoughts(body: JsonObject): boolean {
  return asObject(asObject(body['generationConfig'])['thinkingConfig'])['includeThoughts'] === true
}

/** Whether a model thinks: because the request configures it, or because the model always does. */
function thinks(model: string, config: JsonObject): boolean {
  const { thinkingBudget, thinkingLevel, includeThoughts } = config
  if (thinkingBudget === 0) return false
  const configured = thinkingBudget !== undefined || thinkingLevel !== undefined || includeThoughts === true
  return configured || model.includes('reason')
}

function spoken(content: JsonObject): Spoken {
  return toSpoken(content, asString(content['role']) || 'user')
}

function toSpoken(content: unknown, role: string): Spoken {
  return { role, text: partsText(content) }
}

/** Returns all text in a content: texts, function calls and their results. */
export function partsText(content: unknown): string {
  if (typeof content === 'string') return content
  return asArray(asObject(content)['parts'])
    .map(asObject)
    .map(({ text, functionCall, functionResponse }) => {
      const call = functionCall ?? functionResponse
      return call === undefined ? asString(text) : JSON.stringify(call)
    })
    .join(' ')
}

function toolChoice({ mode, allowedFunctionNames }: JsonObject): Prompt['toolChoice'] {
  const [name] = asArray(allowedFunctionNames)
  if (mode === 'NONE') return 'none'
  if (mode !== 'ANY') return 'auto'
  return typeof name === 'string' ? { name } : 'required'
}

function schemaOf(config: JsonObject): unknown {
  const schema = config['responseJsonSchema'] ?? config['responseSchema']
  return schema ?? (config['responseMimeType'] === 'application/json' ? true : undefined)
}
