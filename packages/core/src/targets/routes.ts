import { OptionError } from '../base/errors.ts'
import { didYouMean } from '@harbor/parts'
import type { Chains, ModelOptions } from '../options/options.ts'
import { addressForModel } from '../protocols/openai/model-in-path.ts'
import { isOpenAI } from '../protocols/openai/endpoint.ts'
import type { Provider } from './providers.ts'
import type { Target } from '../reporting/target.ts'
import { areTwins } from './twins.ts'

/** What a call may be sent to, in the order in which it was configured. */
export interface Plan {
  /** What was asked for, and what stands in for it in an outage. */
  readonly outage: readonly Target[]
  /** For a request that is too long for what was asked for. */
  readonly contextWindow: readonly Target[]
  /** For a request that was refused for its content. */
  readonly contentPolicy: readonly Target[]
  /** Names the credentials, other than the client's own, that may be used; empty when there are none. It is not to be shown. */
  readonly credentials: string
}

export interface RouteOptions {
  readonly providers: ReadonlyMap<string, Provider>
  /** Where a model belongs that names no provider. */
  readonly defaultProvider: string
  readonly models: Readonly<Record<string, ModelOptions>>
  readonly fallback: Chains | undefined
  readonly contextWindowFallback: Chains | undefined
  readonly contentPolicyFallback: Chains | undefined
  /** Entries that lack their key: chains may name them, and go on without them. */
  readonly leftOut: readonly string[]
}

/** Plans are remembered for so many models. */
const MOST_PLANS = 1_000
const EVERY_MODEL = '*'

/** Which targets stand in for which: the three chains, read and checked. */
export class Routes {
  readonly providers: ReadonlyMap<string, Provider>
  readonly defaultProvider: string
  readonly #options: RouteOptions
  readonly #outage: ReadonlyMap<string, readonly string[]>
  readonly #contextWindow: ReadonlyMap<string, readonly string[]>
  readonly #contentPolicy: ReadonlyMap<string, readonly string[]>
  readonly #plans = new Map<string, Plan>()
  #last: { readonly model: string | undefined; readonly nativeURL: string; readonly plan: Plan } | undefined

  /** @throws OptionError for a chain that makes no sense */
  constructor(options: RouteOptions) {
    this.#options = options
    this.providers = options.providers
    this.defaultProvider = options.defaultProvider
    this.#outage = this.#chains('fallback', options.fallback)
    this.#contextWindow = this.#chains('contextWindowFallback', options.contextWindowFallback)
    this.#contentPolicy = this.#chains('contentPolicyFallback', options.contentPolicyFallback)
    for (const name of Object.keys(options.models)) this.#canonical('models', name)
  }

  /** The chains as they are followed, for those who ask. */
  get chains(): Readonly<
    Record<'fallback' | 'contextWindow' | 'contentPolicy', Record<string, readonly string[]>>
  > {
    return {
      fallback: Object.fromEntries(this.#outage),
      contextWindow: Object.fromEntries(this.#contextWindow),
      contentPolicy: Object.fromEntries(this.#contentPolicy),
    }
  }

  /**
   * What a request for this model may be sent to.
   * @param nativeURL the root that the request came addressed to, which is that of the client's own provider
   */
  planFor(model: string | undefined, nativeURL: string): Plan {
    // Mostly it is the same as the last time, and to put a key together costs more than to look.
    const last = this.#last
    if (last?.model === model && last?.nativeURL === nativeURL) return last.plan
    const key = `${nativeURL}\n${model ?? ''}`
    const plan = this.#plans.get(key) ?? this.#makePlan(model, nativeURL, key)
    this.#last = { model, nativeURL, plan }
    return plan
  }

  #makePlan(model: string | undefined, nativeURL: string, key: string): Plan {
    const asked = this.askedName(model)
    const plan = this.#planOf({
      outage: this.#targets([asked, ...chainOf(this.#outage, asked)], nativeURL, model),
      contextWindow: this.#targets(chainOf(this.#contextWindow, asked), nativeURL, model),
      contentPolicy: this.#targets(chainOf(this.#contentPolicy, asked), nativeURL, model),
    })
    if (this.#plans.size >= MOST_PLANS) this.#plans.clear()
    this.#plans.set(key, plan)
    return plan
  }

  /** The same with a chain of the call's own; without one, nothing stands in. */
  planWith(chain: readonly string[], model: string | undefined, nativeURL: string): Plan {
    const plan = this.planFor(model, nativeURL)
    const asked = this.askedName(model)
    const names = chain.map((name) => this.#canonical('fallback', name))
    return this.#planOf({ ...plan, outage: this.#targets([asked, ...new Set(names)], nativeURL, model) })
  }

  /** For a request that has to stay where it is addressed to. */
  onlyTarget(model: string | undefined, nativeURL: string): Plan {
    const outage = this.planFor(model, nativeURL).outage.slice(0, 1)
    return this.#planOf({ outage, contextWindow: [], contentPolicy: [] })
  }

  #planOf(chains: Omit<Plan, 'credentials'>): Plan {
    const { outage, contextWindow, contentPolicy } = chains
    const providers = new Set(
      [...outage, ...contextWindow, ...contentPolicy].map((target) => this.providerOf(target)),
    )
    const others = [...providers].filter(({ native }) => !native).map(({ identity }) => identity)
    return { outage, contextWindow, contentPolicy, credentials: others.toSorted().join('\n') }
  }

  providerOf({ provider }: Target): Provider {
    const known = this.providers.get(provider)
    if (!known) throw new Error(`There is no provider ${provider}.`)
    return known
  }

  /** The target's name for the model that a request names. */
  askedName(model: string | undefined): string {
    if (model === undefined) return this.defaultProvider
    const slash = model.indexOf('/')
    const { providers } = this.#options
    const named = slash > 0 ? providers.get(model.slice(0, slash)) : undefined
    // `openai/gpt-4` is also how a gateway calls a model: only an entry of the user's own is meant by its name.
    return named && !named.native ? model : `${this.defaultProvider}/${model}`
  }

  #targets(names: readonly string[], nativeURL: string, asked: string | undefined): readonly Target[] {
    const unique = [...new Set(names)]
    return unique.flatMap((name) => this.#target(name, nativeURL, asked) ?? [])
  }

  #target(name: string, nativeURL: string, asked: string | undefined): Target | undefined {
    const slash = name.indexOf('/')
    const providerName = slash === -1 ? name : name.slice(0, slash)
    const model = slash === -1 ? undefined : name.slice(slash + 1)
    const provider = this.#options.providers.get(providerName)
    if (!provider) return undefined // left out for want of a key, of which the log was told
    const { models } = this.#options
    const own =
      models[name] ?? (providerName === this.defaultProvider ? models[model ?? ''] : undefined) ?? {}
    return {
      name,
      provider: providerName,
      model,
      baseURL: provider.native ? addressForModel(nativeURL, asked, model) : provider.baseURL,
      quotaGroup: provider.quotaGroup ?? name,
      weight: own.weight ?? 1,
      price: own.price,
      contextTokens: own.contextTokens,
      capabilities: own.capabilities,
      firstTokenMs: own.firstTokenMs,
      idleMs: own.idleMs,
    }
  }

  #chains(option: string, chains: Chains | undefined): ReadonlyMap<string, readonly string[]> {
    const lists = isList(chains) ? { [EVERY_MODEL]: chains } : (chains ?? {})
    const read = new Map(
      Object.entries(lists).map(([asked, chain]) => {
        const name = asked === EVERY_MODEL ? asked : this.#canonical(option, asked)
        return [name, this.#chain(`${option}['${asked}']`, name, chain)]
      }),
    )
    refuseCycles(option, read)
    return read
  }

  #chain(option: string, asked: string, chain: readonly string[]): readonly string[] {
    const names = chain.map((name) => this.#canonical(option, name))
    const twice = names.find((name, place) => names.indexOf(name) !== place)
    if (twice) throw new OptionError(option, `${option} names ${twice} twice. Name each target once.`)
    if (names.includes(asked)) {
      throw new OptionError(
        option,
        `${option} names ${asked} itself, which cannot stand in for itself. Take it out.`,
      )
    }
    this.#refuseTwins(option, asked === EVERY_MODEL ? names : [asked, ...names])
    return names
  }

  /** Two names for one thing: the second could only repeat what has failed already. */
  #refuseTwins(option: string, names: readonly string[]): void {
    const { providers } = this.#options
    const read = names.map((name) => {
      const slash = name.indexOf('/')
      return { name, provider: providers.get(name.slice(0, slash)), model: name.slice(slash + 1) }
    })
    for (const [place, { name, provider, model }] of read.entries()) {
      const twin = read
        .slice(0, place)
        .find(
          (other) =>
            provider && other.provider && other.model === model && areTwins(provider, other.provider),
        )
      if (!twin || !provider || !twin.provider) continue
      throw new OptionError(
        option,
        `${option} names ${twin.name} and ${name}, which give the same request: providers.${twin.provider.name} and ` +
          `providers.${provider.name} have the same address and credential. Take one of them out.`,
      )
    }
  }

  /** `provider/model` for a name in a chain. */
  #canonical(option: string, name: string): string {
    const { providers, defaultProvider, leftOut } = this.#options
    const [prefix = '', ...rest] = name.split('/')
    if (rest.length === 0) return `${defaultProvider}/${name}`
    if (providers.has(prefix) || leftOut.includes(prefix)) return name
    const known = [...providers.keys(), ...leftOut]
    const near = didYouMean(prefix, known)
    // OpenAI itself has no model with a slash in its name; a gateway has.
    if (isOpenAI(providers.get(defaultProvider)?.baseURL ?? '') || near !== undefined) {
      throw new OptionError(
        option,
        `${option}: '${name}' names a provider '${prefix}' that is not in providers. ` +
          `Configured: ${known.join(', ')}. Add an entry for it, or did you mean ${near ?? defaultProvider}/${rest.join('/')}?`,
      )
    }
    return `${defaultProvider}/${name}`
  }
}

function isList(chains: Chains | undefined): chains is readonly string[] {
  return Array.isArray(chains)
}

function chainOf(chains: ReadonlyMap<string, readonly string[]>, asked: string): readonly string[] {
  return chains.get(asked) ?? chains.get(EVERY_MODEL) ?? []
}

/** Each call follows the one list of what it asked for, so lists that lead back to each other are a mistake. */
function refuseCycles(option: string, chains: ReadonlyMap<string, readonly string[]>): void {
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) {
      const round = [...path.slice(path.indexOf(name)), name].join(' → ')
      throw new OptionError(
        option,
        `${option} goes round in a circle: ${round}. A call follows only the list of the model it asks for; ` +
          `write all that stands in for it there, and take the way back out.`,
      )
    }
    for (const next of chains.get(name) ?? []) visit(next, [...path, name])
  }
  for (const name of chains.keys()) visit(name, [])
}
