/** The names of GenAI operations, by Harbor's. An operation that is not listed has the same name in both. */
const OPERATIONS: Readonly<Record<string, string>> = {
  responses: 'chat',
  messages: 'chat',
  generateContent: 'generate_content',
  completions: 'text_completion',
  embedContent: 'embeddings',
}

const INFERENCE = new Set(['chat', 'generate_content', 'text_completion'])

/** Well-known names of providers in the GenAI conventions, by usual names of entries in `providers`. Other names are used unchanged. */
const PROVIDERS: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  gemini: 'gcp.gemini',
  google: 'gcp.gemini',
  mistral: 'mistral_ai',
  vertex: 'gcp.vertex_ai',
  xai: 'x_ai',
}

/** Returns `gen_ai.operation.name` for an operation of Harbor. */
export function operationName(operation: string): string {
  return own(OPERATIONS, operation) ?? operation
}

/** Whether an operation generates an answer, so that its metrics are those of inference. */
export function isInference(operation: string): boolean {
  return INFERENCE.has(operationName(operation))
}

/** Returns `gen_ai.provider.name` for an entry in `providers`. */
export function providerName(provider: string): string {
  return own(PROVIDERS, provider) ?? (provider === '' ? '_OTHER' : provider)
}

/** Splits the name of a target, `provider/model`. The model may contain slashes; it is undefined if the name has none. */
export function splitTarget(target: string): {
  readonly provider: string
  readonly model: string | undefined
} {
  const at = target.indexOf('/')
  return at < 0
    ? { provider: target, model: undefined }
    : { provider: target.slice(0, at), model: target.slice(at + 1) }
}

/** Returns a word of Harbor's types as OpenTelemetry writes it: `retry-after` as `retry_after`. */
export function snakeCase(word: string): string {
  return word.replaceAll('-', '_')
}

/** Returns the name of the reason of a wait. */
export function waitReason(reason: string): string {
  return reason === 'limit' ? 'rate_limit' : snakeCase(reason)
}

/** The maximum length of a name from outside, such as that of a model. */
const MAX_NAME = 200

/** Shortens a name that comes from outside. */
export function bounded(name: string): string {
  return name.length > MAX_NAME ? name.slice(0, MAX_NAME) : name
}

function own(names: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(names, name) ? names[name] : undefined
}
