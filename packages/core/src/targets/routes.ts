import { BoundedMap } from '../base/bounded-map.ts'
import type { Continuation } from '../protocols/shared/continuation-format.ts'
import type { ModelOptions } from '../options/provider-options.ts'
import type { Operation } from '../protocols/protocol.ts'
import type { KeyList } from './credential.ts'
import type { Target } from '../reporting/target.ts'
import { VENDOR_OF_PROTOCOL, type Vendor } from '../protocols/vendors.ts'
import { allChains, chainOf, fullName, type AllChains, type ChainOptions } from './chains.ts'
import { refuseUnserved } from './check-served.ts'
import type { Plan } from './plan.ts'
import { formatAt, type Provider } from './providers.ts'
import { isVariant } from './variant.ts'

/** The parts of a request on which its targets depend. */
interface Routed {
  readonly model: string | undefined
  readonly nativeURL: string
  readonly operation: Operation
}

export interface RouteOptions extends ChainOptions {
  /** The default provider for the protocols of each vendor. `defaultProvider` applies to vendors that are missing here. */
  readonly defaultOfVendor: ReadonlyMap<string, string>
  readonly models: Readonly<Record<string, ModelOptions>>
}

/** The maximum number of plans that are cached. There is one for each combination of model, base URL and protocol. */
const MAX_PLANS = 1_000

/** The default of `maxBridgeTokens`. */
const DEFAULT_BRIDGE_TOKENS = 200

/**
 * Finds the targets that may serve a request, by its model. There are three chains: for outages, for requests that are too long, and for
 * requests refused by a content filter. The constructor checks them all.
 */
export class Routes {
  readonly providers: ReadonlyMap<string, Provider>
  /** The keys of the client's own provider, if it has several. */
  readonly clientKeys: KeyList | undefined
  /** Whether the option `models` names variants of models. */
  readonly hasVariants: boolean
  readonly #options: RouteOptions
  /**
   * The chains for each default provider. They differ, because a model that is named without a provider belongs to the default provider.
   */
  readonly #chains: ReadonlyMap<string, AllChains>
  readonly #plans = new BoundedMap<string, Plan>(MAX_PLANS)
  #last: (Routed & { readonly plan: Plan }) | undefined

  /** @throws OptionError for an invalid chain */
  constructor(options: RouteOptions) {
    this.#options = options
    this.providers = options.providers
    this.hasVariants = Object.values(options.models).some(isVariant)
    this.clientKeys = [...options.providers.values()].find(({ native, keys }) => native && keys)?.keys
    const { defaultProvider, defaultOfVendor } = options
    const calls = { ...options, ofAllVendors: defaultOfVendor.size > 0 }
    for (const option of ['fallback', 'contextWindowFallback', 'contentPolicyFallback'] as const)
      refuseUnserved(option, options[option], calls)
    const defaults = new Set([defaultProvider, ...defaultOfVendor.values()])
    this.#chains = new Map(
      [...defaults].map((name) => [name, allChains({ ...options, defaultProvider: name })]),
    )
    for (const name of Object.keys(options.models)) fullName('models', name, options)
  }

  /** The three chains, with the full names of targets, for `explain()`. Models without a provider are those of `defaultProvider`. */
  get chains(): Readonly<
    Record<'fallback' | 'contextWindow' | 'contentPolicy', Record<string, readonly string[]>>
  > {
    const { outage, contextWindow, contentPolicy } = this.#chainsFor(this.#options.defaultProvider)
    return {
      fallback: Object.fromEntries(outage),
      contextWindow: Object.fromEntries(contextWindow),
      contentPolicy: Object.fromEntries(contentPolicy),
    }
  }

  #chainsFor(defaultProvider: string): AllChains {
    const chains = this.#chains.get(defaultProvider)
    if (!chains) throw new Error(`There are no chains of ${defaultProvider}.`)
    return chains
  }

  /** Returns the provider of a model that is named without a provider. */
  #defaultFor({ vendor }: Operation): string {
    const { defaultOfVendor, defaultProvider } = this.#options
    return defaultOfVendor.get(vendor) ?? defaultProvider
  }

  /**
   * Returns the targets for a request of this model.
   * @param nativeURL the root URL of the client's own provider, taken from the request
   */
  planFor(model: string | undefined, nativeURL: string, operation: Operation): Plan {
    // Most requests are like the previous one, and this comparison is cheaper than building a key.
    const last = this.#last
    if (last?.model === model && last?.nativeURL === nativeURL && last.operation === operation)
      return last.plan
    const key = `${operation.vendor} ${operation.protocol ?? ''}\n${nativeURL}\n${model ?? ''}`
    const plan = this.#plans.get(key) ?? this.#makePlan({ model, nativeURL, operation }, key)
    this.#last = { model, nativeURL, operation, plan }
    return plan
  }

  #makePlan(request: Routed, key: string): Plan {
    const requested = this.requestedName(request.model, request.operation)
    const chains = this.#chainsFor(this.#defaultFor(request.operation))
    const plan = this.#planOf(
      {
        outage: this.#targets([requested, ...chainOf(chains.outage, requested)], request),
        contextWindow: this.#targets(chainOf(chains.contextWindow, requested), request),
        contentPolicy: this.#targets(chainOf(chains.contentPolicy, requested), request),
      },
      request.operation,
    )
    this.#plans.set(key, plan)
    return plan
  }

  /**
   * Returns the plan for a call with a `fallback` chain of its own. If that chain is empty, no other target takes over in an outage.
   * @throws OptionError for an unknown provider in the chain
   */
  planWith(
    chain: readonly string[],
    model: string | undefined,
    nativeURL: string,
    operation: Operation,
  ): Plan {
    const plan = this.planFor(model, nativeURL, operation)
    const requested = this.requestedName(model, operation)
    const known = { ...this.#options, defaultProvider: this.#defaultFor(operation) }
    const names = chain.map((name) => fullName('fallback', name, known))
    const request = { model, nativeURL, operation }
    return this.#planOf(
      { ...plan, outage: this.#targets([requested, ...new Set(names)], request) },
      operation,
    )
  }

  /** Returns the plan for a request that only the requested target can serve. */
  onlyTarget(model: string | undefined, nativeURL: string, operation: Operation): Plan {
    const outage = this.planFor(model, nativeURL, operation).outage.slice(0, 1)
    return this.#planOf({ outage, contextWindow: [], contentPolicy: [] }, operation)
  }

  #planOf(chains: Omit<Plan, 'credentials' | 'warning'>, operation: Operation): Plan {
    const { outage, contextWindow, contentPolicy } = chains
    const targets = [...outage, ...contextWindow, ...contentPolicy]
    const providers = new Set(targets.map((target) => this.providerOf(target)))
    const others = [...providers].filter(({ native }) => !native).map(({ identity }) => identity)
    const skipped = targets.filter((target) => !formatAt(this.providerOf(target), operation))
    const warning = skipped.length < targets.length ? warningOf(outage[0], skipped, operation) : undefined
    return { outage, contextWindow, contentPolicy, credentials: others.toSorted().join('\n'), warning }
  }

  /**
   * Returns the targets that stand for the same model at the same provider as the requested one: the model itself first, then its variants, in the
   * order of the option `models`.
   */
  sameModel(model: string | undefined, nativeURL: string, operation: Operation): readonly Target[] {
    if (!this.hasVariants) return []
    const request = { model, nativeURL, operation }
    const requested = this.#target(this.requestedName(model, operation), request)
    if (requested?.model === undefined) return []
    const names = { ...this.#options, defaultProvider: this.#defaultFor(operation) }
    const variants = Object.entries(this.#options.models)
      .filter(([, entry]) => isVariant(entry) && entry.model === requested.model)
      .map(([name]) => fullName('models', name, names))
    return this.#targets([`${requested.provider}/${requested.model}`, ...variants], request).filter(
      ({ provider }) => provider === requested.provider,
    )
  }

  /** Returns another model at the provider of a target, as a target with the user's own price if there is one. */
  otherModelAt(target: Target, model: string, operation: Operation): Target {
    const name = `${target.provider}/${model}`
    const request = { model: target.model, nativeURL: target.baseURL, operation }
    return this.#target(name, request) ?? { ...target, name, model, price: undefined }
  }

  providerOf({ provider }: Target): Provider {
    const known = this.providers.get(provider)
    if (!known) throw new Error(`There is no provider ${provider}.`)
    return known
  }

  /** Returns the vendor whose API a configured provider serves at the address of a request; undefined if no provider has this address. */
  vendorAt(url: string): Vendor | undefined {
    let vendor: Vendor | undefined
    let longest = 0
    for (const { native, formats } of this.providers.values()) {
      if (native) continue
      for (const [protocol, { baseURL }] of formats) {
        if (baseURL.length <= longest || !url.startsWith(`${baseURL}/`)) continue
        vendor = VENDOR_OF_PROTOCOL.get(protocol)
        longest = baseURL.length
      }
    }
    return vendor
  }

  /** Returns the full name (`provider/model`) of the target that the model of a request names. */
  requestedName(model: string | undefined, operation: Operation): string {
    const defaultProvider = this.#defaultFor(operation)
    if (model === undefined) return defaultProvider
    const slash = model.indexOf('/')
    const named = slash > 0 ? this.providers.get(model.slice(0, slash)) : undefined
    // If the client's own provider is a gateway, it may have a model called `openai/gpt-4`, so only other providers can be requested by name.
    return named && !named.native ? model : `${defaultProvider}/${model}`
  }

  #targets(names: readonly string[], request: Routed): readonly Target[] {
    const unique = [...new Set(names)]
    return unique.flatMap((name) => this.#target(name, request) ?? [])
  }

  /** Returns how a broken stream of a target is continued. */
  continuationAt(
    target: Target,
    operation: Operation,
  ): { readonly continuation: Continuation; readonly maxBridgeTokens: number } {
    const { continuation = 'user-turn', maxBridgeTokens = DEFAULT_BRIDGE_TOKENS } = this.#ownOf(
      target,
      operation,
    )
    return { continuation, maxBridgeTokens }
  }

  /** Returns the options of a target's model. A variant has those of its own name, and not those of the model's name at the provider. */
  #ownOf({ name, provider }: Pick<Target, 'name' | 'provider'>, operation: Operation): ModelOptions {
    const { models } = this.#options
    const isDefault = provider === this.#defaultFor(operation)
    return models[name] ?? (isDefault ? models[name.slice(provider.length + 1)] : undefined) ?? {}
  }

  #target(name: string, { model: requested, nativeURL, operation }: Routed): Target | undefined {
    const slash = name.indexOf('/')
    const providerName = slash === -1 ? name : name.slice(0, slash)
    const model = slash === -1 ? undefined : name.slice(slash + 1)
    const provider = this.providers.get(providerName)
    if (!provider) return undefined // the provider has no key, which was logged
    const own = this.#ownOf({ name, provider: providerName }, operation)
    const atProvider = own.model ?? model
    return {
      name,
      provider: providerName,
      kind: provider.kind,
      model: atProvider,
      baseURL: provider.native
        ? operation.endpoint.withModel(nativeURL, requested, atProvider)
        : addressOf(provider, operation),
      quotaGroup: provider.quotaGroup ?? name,
      weight: own.weight ?? 1,
      price: own.price,
      contextTokens: own.contextTokens,
      capabilities: own.capabilities,
      firstTokenMs: own.timeouts?.firstTokenMs ?? own.firstTokenMs,
      idleMs: own.timeouts?.idleMs ?? own.idleMs,
      attemptMs: own.timeouts?.attemptMs,
      params: own.params,
    }
  }
}

/** Returns the address of a target for reports and prices; empty if only the provider's own `fetch` knows where its requests go. */
function addressOf(provider: Provider, operation: Operation): string {
  return provider.hasAddress ? (formatAt(provider, operation)?.baseURL ?? provider.baseURL) : ''
}

function warningOf(
  requested: Target | undefined,
  skipped: readonly Target[],
  { protocol }: Operation,
): string | undefined {
  if (skipped.length === 0) return undefined
  const names = [...new Set(skipped.map(({ name }) => name))].join(', ')
  return (
    `Calls of ${protocol} for ${requested?.name} skip ${names}: their providers do not serve it. ` +
    `Give them an address for it in \`endpoints\`, or use a protocol that all of them serve, such as openai-chat.`
  )
}
