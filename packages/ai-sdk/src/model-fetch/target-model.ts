import type {
  JSONValue,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider'
import { promptTarget, type PromptTarget } from '../prompt-marks/index.ts'
import type { Dropped } from './dropped.ts'
import { unsupported } from './request-error.ts'

type WithOptions = { readonly providerOptions?: SharedV4ProviderOptions }

type Options = Record<string, JSONValue>

/** Matches the providers whose packages have the option `parallelToolCalls`. */
const OPENAI_TOOLS = /^(?:(?:openai|azure)\.(?:chat|responses)|(?:groq|mistral)\.chat|xai\.responses)$/
/** Matches Claude through the packages that speak Anthropic's format. */
const CLAUDE = /(?:^|\.)anthropic\.messages$/
/** Matches those of them that send Anthropic's option against parallel calls. The package for Bedrock removes it from the request. */
const CLAUDE_TOOLS = /^(?:anthropic|(?:vertex|googleVertex)\.anthropic)\.messages$/
/** Matches the providers of the Responses API, which has no stop sequences. */
const WITHOUT_STOPS = /^(?:openai|azure|xai)\.responses$/
/** Matches the ids of Claude's models at Bedrock, whose package has the option of Anthropic's. */
const CLAUDE_AT_BEDROCK = /anthropic|claude/

/** The providers whose packages have an option for strict schemas. */
const STRICT_SCHEMAS: ReadonlySet<string> = new Set(['azure', 'deepseek', 'groq', 'mistral', 'openai'])

/** What a request needs to know of the model that answers it, and what is expressed differently for each provider. */
export class TargetModel {
  /** Describes the model for the adaptation of prompts. */
  readonly prompt: PromptTarget
  readonly #provider: string
  readonly #modelId: string
  readonly #vendor: string
  readonly #urls: Readonly<Record<string, readonly RegExp[]>>
  readonly #dropped: Dropped

  /** @param dropped collects what the model cannot use */
  constructor(
    { provider, modelId }: LanguageModelV4,
    urls: Readonly<Record<string, readonly RegExp[]>>,
    dropped: Dropped,
  ) {
    this.prompt = promptTarget({ provider, modelId })
    this.#provider = provider
    this.#modelId = modelId
    this.#vendor = provider.split('.')[0] ?? ''
    this.#urls = urls
    this.#dropped = dropped
  }

  /** Whether the model downloads a file of the media type from a URL itself. */
  acceptsUrl(mediaType: string, { href }: URL): boolean {
    const [kind = ''] = mediaType.split('/')
    return [mediaType, kind, '*/*', '*'].some((key) =>
      this.#urls[key]?.some((pattern) => href.toLowerCase().search(pattern) >= 0),
    )
  }

  /** Returns the options of an image with a level of detail, which only OpenAI's models have. */
  imageDetail(detail: string): WithOptions {
    if (this.#vendor === 'openai' || this.#vendor === 'azure')
      return { providerOptions: this.#options({ imageDetail: detail }) }
    this.#dropped.add('image_url.detail')
    return {}
  }

  /**
   * Returns the options of a call whose JSON schema is, or is not, enforced by the provider. Some packages request a strict schema unless
   * an option forbids it, and providers refuse many schemas as strict ones.
   */
  strictSchema(strict: boolean): SharedV4ProviderOptions {
    const options = { strictJsonSchema: strict }
    if (STRICT_SCHEMAS.has(this.#vendor)) return this.#options(options)
    if (strict) this.#dropped.add('response_format.json_schema.strict')
    // Read by every provider of @ai-sdk/openai-compatible, whatever its name is.
    return { openaiCompatible: options }
  }

  /**
   * Checks options that the package of the provider is known to ignore. The model would report it with its answer, which is billed by then.
   * @throws RequestError when such an option changes the meaning of the answer
   */
  checkIgnored({ responseFormat, stopSequences = [] }: LanguageModelV4CallOptions): void {
    const isPlainJson = responseFormat?.type === 'json' && responseFormat.schema === undefined
    if (isPlainJson && CLAUDE.test(this.#provider))
      throw unsupported('response_format of the type json_object')
    if (stopSequences.length > 0 && WITHOUT_STOPS.test(this.#provider)) throw unsupported('stop')
  }

  /** Returns the options of a call without parallel tool calls; undefined when the provider has no such option. */
  withoutParallelCalls(): SharedV4ProviderOptions | undefined {
    if (OPENAI_TOOLS.test(this.#provider)) return this.#options({ parallelToolCalls: false })
    const isClaude =
      CLAUDE_TOOLS.test(this.#provider) ||
      (this.#provider === 'amazon-bedrock' && CLAUDE_AT_BEDROCK.test(this.#modelId))
    return isClaude ? { anthropic: { disableParallelToolUse: true } } : undefined
  }

  /** Returns options under the name that the provider's package reads. For Azure, its packages read one of two names. */
  #options(options: Options): SharedV4ProviderOptions {
    return this.#vendor === 'azure' ? { azure: options, openai: options } : { [this.#vendor]: options }
  }
}
