/** The model that a prompt is sent to, as far as it decides what the prompt may contain. */
export interface PromptTarget {
  /** The keys of `providerOptions` that the model's provider package reads. */
  readonly keys: ReadonlySet<string>
  /** Tool call ids that the vendor accepts. Absent: every id. */
  readonly toolCallId?: RegExp
  /** What stands before the hash in a replaced tool call id. */
  readonly toolCallIdPrefix: string
  /** Gemini 3 refuses a function call of the current turn without a thought signature. */
  readonly needsThoughtSignature: boolean
  /** The API takes back the calls of tools that the vendor itself executed. */
  readonly replaysProviderTools: boolean
}

const MISTRAL = /mistral|mixtral|ministral|magistral|codestral|devstral|pixtral/i
const CLAUDE = /anthropic|claude|bedrock/i
const GEMINI = /gemini|gemma/i
/** From version 3 on, and the names that always mean the newest model. */
const GEMINI_3 = /gemini-(?:[3-9]|[1-9]\d|(?:pro|flash|flash-lite)-latest)/i
/**
 * Tool call ids that vendors accept, from the errors with which they refuse others. Chat Completions: `string_above_max_length`, "maximum
 * length 40" (github.com/vercel/ai/issues/5171). Responses: the same with 64 (github.com/NousResearch/hermes-agent/issues/73492). Anthropic
 * names the pattern; it documents no length, so the 64 characters that it allows for the names of tools are taken. Mistral: nine letters or
 * digits (github.com/langchain-ai/langchain/pull/24668).
 */
const ACCEPTED_IDS = {
  chat: /^.{1,40}$/s,
  responses: /^.{1,64}$/s,
  anthropic: /^[a-zA-Z0-9_-]{1,64}$/,
  mistral: /^[a-zA-Z0-9]{9}$/,
} as const

const NO_KEYS: ReadonlySet<string> = new Set()
const GOOGLE_KEYS = ['google', 'googleVertex', 'vertex']

/**
 * Describes the model that a prompt is sent to. Its `provider` decides which keys of `providerOptions` are its own:
 * `openai.responses` reads `openai`, `azure.responses` reads `azure`, `vertex.anthropic.messages` reads `anthropic`.
 * A provider that is not known by name reads the first part of its name, also in camel case.
 *
 * @param model - The AI SDK model, or its `provider` and `modelId`.
 * @returns What {@link adaptPrompt} needs to know of it. Make it once for each model.
 */
export function promptTarget(model: { readonly provider: string; readonly modelId: string }): PromptTarget {
  const { provider, modelId } = model
  const name = (provider.split('.')[0] ?? provider).trim()
  const keys = new Set(ownKeys(provider, name, modelId))
  const isChat = /\.(?:chat|completion)$/.test(provider)
  const shared = {
    keys,
    toolCallIdPrefix: 'call_',
    needsThoughtSignature: keys.has('google') && GEMINI_3.test(modelId),
    replaysProviderTools: !(isChat && (keys.has('openai') || keys.has('azure'))),
  }
  if (MISTRAL.test(name) || MISTRAL.test(modelId)) {
    return { ...shared, toolCallId: ACCEPTED_IDS.mistral, toolCallIdPrefix: '' }
  }
  if (CLAUDE.test(provider) || CLAUDE.test(modelId)) return { ...shared, toolCallId: ACCEPTED_IDS.anthropic }
  if (keys.has('openai') || keys.has('azure'))
    return { ...shared, toolCallId: isChat ? ACCEPTED_IDS.chat : ACCEPTED_IDS.responses }
  return shared
}

/** The same model for a message that another account of its vendor wrote: it accepts no mark in it. */
export function withoutKeys(target: PromptTarget): PromptTarget {
  return { ...target, keys: NO_KEYS, replaysProviderTools: false }
}

function ownKeys(provider: string, name: string, modelId: string): string[] {
  // OpenAI's package reads `azure` or `openai` by this test of its own, whatever else the provider is named.
  if (provider.includes('azure')) return ['azure']
  if (name === 'gateway') return [...namesOf(name), ...gatewayKeys(modelId)]
  if (/anthropic|\.messages$/.test(provider)) {
    return [
      'anthropic',
      ...(name === 'google' || name === 'vertex' || name === 'googleVertex' ? [] : namesOf(name)),
    ]
  }
  if (name === 'google' || name === 'vertex' || provider.includes('google'))
    return [...namesOf(name), ...GOOGLE_KEYS]
  if (name === 'amazon-bedrock' || name === 'bedrock') return [...namesOf(name), 'bedrock', 'amazonBedrock']
  if (name === 'xai') return ['xai']
  // createOpenAI({ name }) changes the provider's name, not the key that the package reads.
  if (provider.endsWith('.responses')) return [...namesOf(name), 'openai']
  // Google's OpenAI-compatible endpoint: the package for compatible providers sends the signature under `google`.
  if (GEMINI.test(modelId)) return [...namesOf(name), 'google']
  return namesOf(name)
}

/** A gateway hands the prompt to the vendor that stands before the slash of the model's id. */
function gatewayKeys(modelId: string): string[] {
  const vendor = modelId.split('/')[0] ?? ''
  return vendor === 'google' || vendor === 'vertex' ? GOOGLE_KEYS : namesOf(vendor)
}

function namesOf(name: string): string[] {
  const camel = name.replace(/[_-]([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return camel === name ? [name] : [name, camel]
}
