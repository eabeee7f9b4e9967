import type { Exchange } from './exchange.ts'
import { maskBody } from './redaction/mask-body.ts'
import { redactPath } from './redaction/address.ts'
import { Secrets } from './redaction/secrets.ts'
import { matchOf, modelOf, type RequestFacts } from './request-key.ts'

export interface PlaylistOptions {
  match: 'request' | 'order'
  repeat: boolean
}

/** The maximum number of recordings, or of different fields, that a message lists. */
const MAX_NAMED = 5

/** Chooses the recording that answers a request. */
export class Playlist {
  readonly #exchanges: readonly Exchange[]
  readonly #options: PlaylistOptions
  readonly #unused: Set<Exchange>

  constructor(exchanges: readonly Exchange[], options: PlaylistOptions) {
    this.#exchanges = exchanges
    this.#options = options
    this.#unused = new Set(exchanges)
  }

  /** Returns the recordings that were not played, in the order of the file. */
  unused(): Exchange[] {
    return [...this.#unused]
  }

  /** Makes all recordings available again. */
  reset(): void {
    // Cleared first: a set keeps the order in which its values were added.
    this.#unused.clear()
    for (const exchange of this.#exchanges) this.#unused.add(exchange)
  }

  /**
   * Returns the recording for a request, and marks it as played. If there is none, returns a message that says what was
   * expected.
   */
  take(request: RequestFacts): Exchange | string {
    const match = matchOf(request)
    const found = this.#options.match === 'order' ? this.#next(match) : this.#find(match)
    if (found === undefined) return this.#explain(request, match)
    this.#unused.delete(found)
    return found
  }

  #next(match: Exchange['match']): Exchange | undefined {
    if (this.#unused.size === 0 && this.#options.repeat) this.reset()
    const [next] = this.#unused
    return next?.match.place === match.place ? next : undefined
  }

  #find(match: Exchange['match']): Exchange | undefined {
    const alike = this.#exchanges.filter((exchange) => exchange.match.request === match.request)
    return (
      alike.find((exchange) => this.#unused.has(exchange)) ??
      (this.#options.repeat ? alike.at(-1) : undefined)
    )
  }

  #explain(request: RequestFacts, match: Exchange['match']): string {
    const about = `no recording answers ${describe(request.method, redactPath(request.path, new Secrets()), modelOf(request))}`
    if (this.#exchanges.length === 0) return `${about}: the file has no recordings`
    if (this.#options.match === 'order') {
      const [next] = this.#unused
      return next
        ? `${about}: the next one is for ${summary(next)}`
        : `${about}: all ${this.#exchanges.length} recordings have been played`
    }
    const same = this.#exchanges.filter((exchange) => exchange.match.request === match.request).length
    if (same > 0)
      return `${about}: it was recorded ${same === 1 ? 'once' : `${same} times`}, and played as often; repeat: true plays the last again`
    const near = this.#exchanges.filter((exchange) => exchange.match.place === match.place)
    if (near.length > 0) {
      return `${about}: ${near.length} with this method, path and model differ in the body or the query${differences(request, near)}`
    }
    const named = [...new Set(this.#exchanges.map(summary))]
    const more = named.length > MAX_NAMED ? ` and ${named.length - MAX_NAMED} others` : ''
    return `${about}: there are recordings for ${named.slice(0, MAX_NAMED).join(', ')}${more}`
  }
}

function summary({ request: { method, path, model } }: Exchange): string {
  return describe(method, path, model)
}

function describe(method: string, path: string, model: string): string {
  return `${method} ${path}${model === '' ? '' : ` (${model})`}`
}

/**
 * Describes in which fields a request differs from the most similar recording. Redacted bodies do not show all
 * differences.
 */
function differences({ body, contentType }: RequestFacts, near: readonly Exchange[]): string {
  const sent = topFields(maskBody(body, contentType))
  const candidates = near
    .filter(({ redacted }) => redacted.prompts)
    .map((exchange) => {
      const recorded = topFields(exchange.request.body)
      const names = new Set([...sent.keys(), ...recorded.keys()])
      return [...names].filter((name) => sent.get(name) !== recorded.get(name))
    })
    .sort((one, other) => one.length - other.length)
  const [nearest] = candidates
  if (nearest === undefined) return ''
  return nearest.length === 0
    ? ', in text of the same length'
    : `, the nearest one in ${nearest.slice(0, MAX_NAMED).join(', ')}`
}

function topFields(body: string): Map<string, string> {
  try {
    const value: unknown = JSON.parse(body)
    return new Map(Object.entries(value ?? {}).map(([name, field]) => [name, JSON.stringify(field)]))
  } catch {
    return new Map()
  }
}
