import { didYouMean } from '@harbor/parts'
import { OptionError } from '../base/errors.ts'
import type { Chains } from '../options/options.ts'
import { isOpenAI } from '../protocols/openai/endpoint.ts'
import type { Provider } from './providers.ts'
import { areTwins } from './twins.ts'

/** The key of a chain for every model that has no chain of its own. */
export const EVERY_MODEL = '*'

/** The chains of one option, such as `fallback`, by the full name of the requested target. */
export type NamedChains = ReadonlyMap<string, readonly string[]>

export interface ChainNames {
  readonly providers: ReadonlyMap<string, Provider>
  /** The provider of each model that is named without a provider. */
  readonly defaultProvider: string
  /** The names of the configured providers that have no key. Chains may name targets of these providers. */
  readonly leftOut: readonly string[]
}

/** The options that name chains, and what names in them stand for. */
export interface ChainOptions extends ChainNames {
  readonly fallback: Chains | undefined
  readonly contextWindowFallback: Chains | undefined
  readonly contentPolicyFallback: Chains | undefined
}

/** The chains of a client for one default provider. */
export interface AllChains {
  readonly outage: NamedChains
  readonly contextWindow: NamedChains
  readonly contentPolicy: NamedChains
}

/** @throws OptionError for an invalid chain */
export function allChains(options: ChainOptions): AllChains {
  return {
    outage: readChains('fallback', options.fallback, options),
    contextWindow: readChains('contextWindowFallback', options.contextWindowFallback, options),
    contentPolicy: readChains('contentPolicyFallback', options.contentPolicyFallback, options),
  }
}

/** Returns the targets that take over for a requested target, which is given by its full name. */
export function chainOf(chains: NamedChains, requested: string): readonly string[] {
  return chains.get(requested) ?? chains.get(EVERY_MODEL) ?? []
}

/**
 * Checks an option such as `fallback`, and replaces the names of models by the full names of targets.
 * @param option the name of the option, for messages
 * @throws OptionError for an unknown provider, or a chain that names a target twice or leads back to itself
 */
function readChains(option: string, chains: Chains | undefined, names: ChainNames): NamedChains {
  const lists = isList(chains) ? { [EVERY_MODEL]: chains } : (chains ?? {})
  const read = new Map(
    Object.entries(lists).map(([model, chain]) => {
      const name = model === EVERY_MODEL ? model : fullName(option, model, names)
      return [name, readChain(`${option}['${model}']`, name, chain, names)]
    }),
  )
  refuseCycles(option, read)
  return read
}

function readChain(
  option: string,
  requested: string,
  chain: readonly string[],
  names: ChainNames,
): readonly string[] {
  const targets = chain.map((name) => fullName(option, name, names))
  const twice = targets.find((name, place) => targets.indexOf(name) !== place)
  if (twice) throw new OptionError(option, `${option} names ${twice} twice. Name each target once.`)
  if (targets.includes(requested)) {
    throw new OptionError(option, `${option} names ${requested} itself. Take it out.`)
  }
  refuseTwins(option, requested === EVERY_MODEL ? targets : [requested, ...targets], names)
  return targets
}

/**
 * Refuses a chain in which two targets result in the same request. If the first one fails, the second one could only fail in the same way.
 */
function refuseTwins(option: string, targets: readonly string[], { providers }: ChainNames): void {
  const read = targets.map((name) => {
    const slash = name.indexOf('/')
    return { name, provider: providers.get(name.slice(0, slash)), model: name.slice(slash + 1) }
  })
  for (const [place, { name, provider, model }] of read.entries()) {
    const twin = read
      .slice(0, place)
      .find(
        (other) => provider && other.provider && other.model === model && areTwins(provider, other.provider),
      )
    if (!twin) continue
    throw new OptionError(
      option,
      `${option} names ${twin.name} and ${name}, which give the same request, with the same address and credential. Take one out.`,
    )
  }
}

/**
 * Returns the full name (`provider/model`) of a target that an option names.
 * @throws OptionError for an unknown provider
 */
export function fullName(
  option: string,
  name: string,
  { providers, defaultProvider, leftOut }: ChainNames,
): string {
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
        `Configured: ${known.join(', ')}. Add it, or did you mean ${near ?? defaultProvider}/${rest.join('/')}?`,
    )
  }
  return `${defaultProvider}/${name}`
}

function isList(chains: Chains | undefined): chains is readonly string[] {
  return Array.isArray(chains)
}

/**
 * Refuses chains that lead back to each other, such as one from A to B and one from B to A. They are a mistake, because a call follows only
 * the chain of the requested model.
 */
function refuseCycles(option: string, chains: NamedChains): void {
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) {
      const round = [...path.slice(path.indexOf(name)), name].join(' → ')
      throw new OptionError(
        option,
        `${option} goes round in a circle: ${round}. A call follows only the list of the requested model: name all its targets there.`,
      )
    }
    for (const next of chains.get(name) ?? []) visit(next, [...path, name])
  }
  for (const name of chains.keys()) visit(name, [])
}
