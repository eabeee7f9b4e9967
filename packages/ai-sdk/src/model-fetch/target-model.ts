import type { JSONValue, LanguageModelV4, SharedV4ProviderOptions } from '@ai-sdk/provider'
import type { Dropped } from './dropped.ts'
import { unsupported } from './request-error.ts'

type WithOptions = { readonly providerOptions?: SharedV4ProviderOptions }

/** The option of each provider that forbids parallel tool calls. The key is the first word of the name of the provider. */
const NO_PARALLEL_CALLS: ReadonlyMap<string, SharedV4ProviderOptions> = new Map([
  ['anthropic', { anthropic: { disableParallelToolUse: true } }],
  ['azure', { azure: { parallelToolCalls: false }, openai: { parallelToolCalls: false } }],
  ['groq', { groq: { parallelToolCalls: false } }],
  ['mistral', { mistral: { parallelToolCalls: false } }],
  ['openai', { openai: { parallelToolCalls: false } }],
])

/** What a request needs to know of the model that answers it, and what is expressed differently for each provider. */
export class TargetModel {
  readonly #vendor: string
  readonly #urls: Readonly<Record<string, readonly RegExp[]>>
  readonly #dropped: Dropped

  private constructor(vendor: string, urls: Readonly<Record<string, readonly RegExp[]>>, dropped: Dropped) {
    this.#vendor = vendor
    this.#urls = urls
    this.#dropped = dropped
  }

  /** Reads the facts of a model. @param dropped collects what the model cannot use */
  static async of(model: LanguageModelV4, dropped: Dropped): Promise<TargetModel> {
    const [vendor = ''] = model.provider.split('.')
    return new TargetModel(vendor, await model.supportedUrls, dropped)
  }

  get isOpenAI(): boolean {
    return this.#vendor === 'openai' || this.#vendor === 'azure'
  }

  /** Whether the model downloads a file of the media type from a URL itself. */
  acceptsUrl(mediaType: string, { href }: URL): boolean {
    const [kind = ''] = mediaType.split('/')
    return [mediaType, kind, '*/*', '*'].some((key) =>
      this.#urls[key]?.some((pattern) => href.toLowerCase().search(pattern) >= 0),
    )
  }

  /** Returns the options of an image with a level of detail, which only OpenAI's models have. */
  imageDetail(detail: JSONValue): WithOptions {
    if (this.isOpenAI) return { providerOptions: this.#forOpenAI({ imageDetail: detail }) }
    this.#dropped.add('image_url.detail')
    return {}
  }

  /** Returns the options of a call whose JSON schema is, or is not, enforced by the provider. */
  strictSchema(strict: boolean): SharedV4ProviderOptions {
    if (this.isOpenAI) return this.#forOpenAI({ strictJsonSchema: strict })
    this.#dropped.add('response_format.json_schema.strict')
    return {}
  }

  /** Returns the options of a call without parallel tool calls. @throws RequestError when the provider has no such option */
  withoutParallelCalls(): SharedV4ProviderOptions {
    const options = NO_PARALLEL_CALLS.get(this.#vendor)
    if (!options) throw unsupported('parallel_tool_calls: false')
    return options
  }

  #forOpenAI(options: Record<string, JSONValue>): SharedV4ProviderOptions {
    return this.#vendor === 'azure' ? { azure: options, openai: options } : { openai: options }
  }
}
