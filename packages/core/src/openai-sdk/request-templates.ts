import { LeanHeaders } from '@harbor/pool'
import type { ReadonlyHeaders } from '../base/readonly-headers.ts'
import {
  ADDED_OPTIONS,
  createdWith,
  keysFor,
  metadataOf,
  signsWithKeysOnly,
  type CallOptions,
  type SdkClient,
} from './contract.ts'

/** The maximum number of templates per path. Templates of the same path differ in timeout, helper, credential or client. */
const MAX_TEMPLATES_PER_PATH = 20
/** The maximum number of paths with templates. It is limited because some paths contain an id and are never requested again. */
const MAX_PATHS = 100

/** The URL and the headers that the SDK builds for all calls of the same kind. */
export interface RequestTemplate {
  readonly url: string
  /** The headers. All calls with this template share the object. */
  readonly headers: ReadonlyHeaders
}

interface Candidate extends RequestTemplate {
  readonly key: readonly unknown[]
  /**
   * The state of the template. `seen`: the SDK has built it once. `trusted`: the SDK has built it twice, with the same result. `varying`:
   * the results differed, so the template is never used.
   */
  state: 'seen' | 'trusted' | 'varying'
}

/**
 * Stores the URL and headers that the SDK builds for plain JSON POSTs, so that Harbor can send later calls of the same kind directly.
 * Everything that influences the URL and headers is part of a template's key. A template is used only after the SDK has built it twice with
 * the same result. Unusual calls never use a template.
 */
export class RequestTemplates {
  readonly #byPath = new Map<string, Candidate[]>()

  find(client: SdkClient, options: CallOptions): RequestTemplate | undefined {
    const candidates = this.#byPath.get(options.path)
    if (!candidates || !canUseTemplate(client, options)) return undefined
    const candidate = candidateIn(candidates, templateKey(client, options))
    return candidate?.state === 'trusted' ? candidate : undefined
  }

  /**
   * Learns a template from a request that the SDK has built.
   * @param request the request that the SDK is about to send
   */
  learn(client: SdkClient, options: CallOptions, url: string, request: RequestInit): void {
    if (!canUseTemplate(client, options)) return
    const candidates = this.#candidatesFor(options.path)
    const key = templateKey(client, options)
    const candidate = candidateIn(candidates, key)
    if (candidate && candidate.state !== 'seen') return
    const headers = new LeanHeaders([...new Headers(request.headers)].flat())
    if (!candidate) {
      if (candidates.length >= MAX_TEMPLATES_PER_PATH) candidates.shift()
      candidates.push({ key, url, headers, state: 'seen' })
    } else {
      const isSame =
        candidate.url === url && isEqual(candidate.headers, headers) && isPlainJsonPost(request, options)
      candidate.state = isSame ? 'trusted' : 'varying'
    }
  }

  #candidatesFor(path: string): Candidate[] {
    const known = this.#byPath.get(path)
    if (known) return known
    const candidates: Candidate[] = []
    if (this.#byPath.size >= MAX_PATHS) this.#byPath.clear()
    this.#byPath.set(path, candidates)
    return candidates
  }
}

const PLAIN_OPTIONS = new Set<string>([
  'method',
  'path',
  'body',
  'stream',
  'timeout',
  'signal',
  'maxRetries',
  ...ADDED_OPTIONS,
])

/**
 * Whether a template may be used or learned for a request. True if the URL and headers depend only on the facts that {@link templateKey}
 * contains.
 */
function canUseTemplate(client: SdkClient, options: CallOptions): boolean {
  if (!signsWithKeysOnly(client)) return false
  const { defaultHeaders, defaultQuery } = createdWith(client)
  if (defaultHeaders != null || defaultQuery != null) return false
  if (client.fetchOptions != null || client.idempotencyHeader != null) return false
  for (const name in options) {
    if (!PLAIN_OPTIONS.has(name) && options[name as keyof CallOptions] !== undefined) return false
  }
  for (const name in metadataOf(options))
    if (name !== 'streamFromBody' && name !== 'helperMethod') return false
  return options.method === 'post' && !options.stream && isPlainBody(options.body)
}

/**
 * Whether the body is a plain object without `toJSON`, and does not request a stream. False if reading the body throws, as getters and
 * proxies may; the SDK then handles it.
 */
function isPlainBody(body: unknown): boolean {
  try {
    if (typeof body !== 'object' || body === null || Object.getPrototypeOf(body) !== Object.prototype)
      return false
    const { stream, toJSON } = body as { stream?: unknown; toJSON?: unknown }
    return (stream === undefined || stream === null || stream === false) && toJSON === undefined
  } catch {
    return false
  }
}

function templateKey(client: SdkClient, options: CallOptions): readonly unknown[] {
  const { apiKey, adminAPIKey, organization, project, baseURL, constructor } = client
  const [usesKey, usesAdminKey] = keysFor(options)
  return [
    options.timeout,
    usesKey,
    usesAdminKey,
    metadataOf(options)?.['helperMethod'],
    apiKey,
    adminAPIKey,
    organization,
    project,
    baseURL,
    constructor,
  ]
}

function candidateIn(candidates: readonly Candidate[], key: readonly unknown[]): Candidate | undefined {
  return candidates.find((candidate) => candidate.key.every((each, at) => each === key[at]))
}

function isEqual(one: ReadonlyHeaders, other: ReadonlyHeaders): boolean {
  return JSON.stringify([...one]) === JSON.stringify([...other])
}

/** Whether the request is a POST whose body is the JSON of the call's body, and it has no other `fetch` options. */
function isPlainJsonPost(
  { method, headers: _, body, signal: _its, ...others }: RequestInit,
  options: CallOptions,
): boolean {
  return Object.keys(others).length === 0 && method === options.method && body === jsonOf(options.body)
}

/** Returns the body as JSON; undefined if reading it throws. The caller owns the object, and may have changed it since it was sent. */
function jsonOf(body: unknown): string | undefined {
  try {
    return JSON.stringify(body)
  } catch {
    return undefined
  }
}
