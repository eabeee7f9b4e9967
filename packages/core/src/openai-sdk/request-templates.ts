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

/** At most this many templates per path: they differ by timeout, helper, credential and client. */
const MAX_TEMPLATES_PER_PATH = 20
/** At most this many paths. Some contain an id and never come again. */
const MAX_PATHS = 100

/** What the SDK makes of every call of a kind, apart from its body. */
export interface RequestTemplate {
  readonly url: string
  /** Shared by all calls that use the template. */
  readonly headers: ReadonlyHeaders
}

interface Candidate extends RequestTemplate {
  readonly key: readonly unknown[]
  /** `seen`: built once. `trusted`: built twice, identically. `varying`: built twice, differently, and never used. */
  state: 'seen' | 'trusted' | 'varying'
}

/**
 * Remembers the URL and headers that the SDK builds for plain JSON POSTs, keyed by everything that influences them. A template is
 * trusted once the SDK has built it identically twice; anything unusual bypasses it.
 */
export class RequestTemplates {
  readonly #byPath = new Map<string, Candidate[]>()

  find(client: SdkClient, options: CallOptions): RequestTemplate | undefined {
    const candidates = this.#byPath.get(options.path)
    if (!candidates || !canUseTemplate(client, options)) return undefined
    const candidate = candidateIn(candidates, templateKey(client, options))
    return candidate?.state === 'trusted' ? candidate : undefined
  }

  /** @param request as the SDK is about to send it */
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

/** Whether the request depends on nothing but its body and what is in {@link templateKey}. */
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

/** Whether the body is an object that JSON writes as it is, and that asks for no stream. Getters and proxies may throw: the SDK deals with those. */
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

/** Whether the request is a POST of the call's body as JSON, with no other `fetch` options. */
function isPlainJsonPost(
  { method, headers: _, body, signal: _its, ...others }: RequestInit,
  options: CallOptions,
): boolean {
  return Object.keys(others).length === 0 && method === options.method && body === jsonOf(options.body)
}

/** The object belongs to the caller: it may have changed since, and reading it again may throw. */
function jsonOf(body: unknown): string | undefined {
  try {
    return JSON.stringify(body)
  } catch {
    return undefined
  }
}
