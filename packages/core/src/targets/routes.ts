import { OptionError } from '../base/errors.ts'
import { didYouMean } from '@harbor/parts'
import type { Chains, ModelOptions } from '../options/options.ts'
import { addressForModel } from '../protocols/openai/model-in-path.ts'
import { isOpenAI } from '../protocols/openai/endpoint.ts'
import type { Provider } from './providers.ts'
import type { Target } from '../reporting/target.ts'
import { areTwins } from './twins.ts'

/** The targets that a call may be sent to, in the configured order. */
export interface Plan {
  /** The requested target, followed by the targets that take over when it fails. */
  readonly outage: readonly Target[]
  /** The targets for a request that is too long for the targets in `outage`. */
  readonly contextWindow: readonly Target[]
  /** The targets for a request that was refused by a content filter. */
  readonly contentPolicy: readonly Target[]
  /**
   * Identifies the credentials that the call may use besides the client's own; empty if there are none. Contains keys, so it must not be
   * shown.
   */
  readonly credentials: string
}

export interface RouteOptions {
  readonly providers: ReadonlyMap<string, Provider>
  /** The name of the provider for models that do not name one. */
  readonly defaultProvider: string
  readonly models: Readonly<Record<string, ModelOptions>>
  readonly fallback: Chains | undefined
  readonly contextWindowFallback: Chains | undefined
  readonly contentPolicyFallback: Chains | undefined
  /** The names of providers without a key. Chains may name targets of these providers; such targets are left out. */
  readonly leftOut: readonly string[]
}

/** The most plans that are cached, one for each model and base URL. */
const MAX_PLANS = 1_000
const EVERY_MODEL = '*'

/**
 * For each model, the targets that may serve it: the chain for outages, the chain for requests that are too long, and the chain for
 * requests refused by a content filter. Checks all three when it is created.
 */
export class Routes {
  readonly providers: ReadonlyMap<string, Provider>
  readonly defaultProvider: string
  readonly #options: RouteOptions
  readonly #outage: ReadonlyMap<string, readonly string[]>
  readonly #contextWindow: ReadonlyMap<string, readonly string[]>
  readonly #contentPolicy: ReadonlyMap<string, readonly string[]>
  readonly #plans = new Map<string, Plan>()
  #last: { readonly model: string | undefined; readonly nativeURL: string; readonly plan: Plan } | undefined

  /** @throws OptionError for an invalid chain */
  constructor(options: RouteOptions) {
    this.#options = options
    this.providers = options.providers
    this.defaultProvider = options.defaultProvider
    this.#outage = this.#chains('fallback', options.fallback)
    this.#contextWindow = this.#chains('contextWindowFallback', options.contextWindowFallback)
    this.#contentPolicy = this.#chains('contentPolicyFallback', options.contentPolicyFallback)
    for (const name of Object.keys(options.models)) this.#canonical('models', name)
  }

  /** The three chains with the full names of targets, for `explain()`. */
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
   * The targets for a request of this model.
   * @param nativeURL the base URL of the client's own provider, as the request has it
   */
  planFor(model: string | undefined, nativeURL: string): Plan {
    // Most requests have the model of the previous one, and this comparison is cheaper than building a key.
    const last = this.#last
    if (last?.model === model && last?.nativeURL === nativeURL) return last.plan
    const key = `${nativeURL}\n${model ?? ''}`
    const plan = this.#plans.get(key) ?? this.#makePlan(model, nativeURL, key)
    this.#last = { model, nativeURL, plan }
    return plan
  }

  #makePlan(model: string | undefined, nativeURL: string, key: string): Plan {
    const requested = this.requestedName(model)
    const plan = this.#planOf({
      outage: this.#targets([requested, ...chainOf(this.#outage, requested)], nativeURL, model),
      contextWindow: this.#targets(chainOf(this.#contextWindow, requested), nativeURL, model),
      contentPolicy: this.#targets(chainOf(this.#contentPolicy, requested), nativeURL, model),
    })
    if (this.#plans.size >= MAX_PLANS) this.#plans.clear()
    this.#plans.set(key, plan)
    return plan
  }

  /**
   * The plan for a call with its own `fallback` chain. With an empty chain, no other target takes over.
   * @throws OptionError for an unknown provider in the chain
   */
  planWith(chain: readonly string[], model: string | undefined, nativeURL: string): Plan {
    const plan = this.planFor(model, nativeURL)
    const requested = this.requestedName(model)
    const names = chain.map((name) => this.#canonical('fallback', name))
    return this.#planOf({ ...plan, outage: this.#targets([requested, ...new Set(names)], nativeURL, model) })
  }

  /** The plan for a request that only the requested target can serve. */
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

  /** The full name (`provider/model`) of the target that the model of a request names. */
  requestedName(model: string | undefined): string {
    if (model === undefined) return this.defaultProvider
    const slash = model.indexOf('/')
    const { providers } = this.#options
    const named = slash > 0 ? providers.get(model.slice(0, slash)) : undefined
    // If the client's own provider is a gateway, it may have a model called `openai/gpt-4`, so only other providers can be requested by name.
    return named && !named.native ? model : `${this.defaultProvider}/${model}`
  }

  #targets(names: readonly string[], nativeURL: string, requested: string | undefined): readonly Target[] {
    const unique = [...new Set(names)]
    return unique.flatMap((name) => this.#target(name, nativeURL, requested) ?? [])
  }

  #target(name: string, nativeURL: string, requested: string | undefined): Target | undefined {
    const slash = name.indexOf('/')
    const providerName = slash === -1 ? name : name.slice(0, slash)
    const model = slash === -1 ? undefined : name.slice(slash + 1)
    const provider = this.#options.providers.get(providerName)
    if (!provider) return undefined // the provider has no key, which was logged
    const { models } = this.#options
    const own =
      models[name] ?? (providerName === this.defaultProvider ? models[model ?? ''] : undefined) ?? {}
    return {
      name,
      provider: providerName,
      model,
      baseURL: provider.native ? addressForModel(nativeURL, requested, model) : provider.baseURL,
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
      Object.entries(lists).map(([model, chain]) => {
        const name = model === EVERY_MODEL ? model : this.#canonical(option, model)
        return [name, this.#chain(`${option}['${model}']`, name, chain)]
      }),
    )
    refuseCycles(option, read)
    return read
  }

  #chain(option: string, requested: string, chain: readonly string[]): readonly string[] {
    const names = chain.map((name) => this.#canonical(option, name))
    const twice = names.find((name, place) => names.indexOf(name) !== place)
    if (twice) throw new OptionError(option, `${option} names ${twice} twice. Name each target once.`)
    if (names.includes(requested)) {
      throw new OptionError(
        option,
        `${option} names ${requested} itself, which cannot take over for itself. Take it out.`,
      )
    }
    this.#refuseTwins(option, requested === EVERY_MODEL ? names : [requested, ...names])
    return names
  }

  /** Refuses two targets that result in the same request, since the second one could only fail like the first. */
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

  /**
   * The full name (`provider/model`) of a target that a chain names.
   * @throws OptionError for an unknown provider
   */
  #canonical(option: string, name: string): string {
    const { providers, defaultProvider, leftOut } = this.#options
    const [prefix = '', ...rest] = name.split('/')
    if (rest.length === 0) return `${defaultProvider}/${name}`
    if (providers.has(prefix) || leftOut.includes(prefix)) return name
    const known = [...providers.keys(), ...leftOut]
    const near = didYouMean(prefix, known)
    // Only a gateway has models with a slash in their name.
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

function chainOf(chains: ReadonlyMap<string, readonly string[]>, requested: string): readonly string[] {
  return chains.get(requested) ?? chains.get(EVERY_MODEL) ?? []
}

/** Refuses lists that lead back to each other. Such lists are a mistake, since a call follows only the list of the requested model. */
function refuseCycles(option: string, chains: ReadonlyMap<string, readonly string[]>): void {
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) {
      const round = [...path.slice(path.indexOf(name)), name].join(' → ')
      throw new OptionError(
        option,
        `${option} goes round in a circle: ${round}. A call follows only the list of the requested model; ` +
          `name all targets that take over for it there, and take the way back out.`,
      )
    }
    for (const next of chains.get(name) ?? []) visit(next, [...path, name])
  }
  for (const name of chains.keys()) visit(name, [])
}
