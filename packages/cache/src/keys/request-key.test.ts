import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestKey } from './request-key.ts'
import { UnkeyableRequestError } from './unkeyable-request-error.ts'

const context = { baseURL: 'https://api.openai.com/v1', scope: 'tenant-1' }
const request = {
  model: 'gpt-4',
  temperature: 0,
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is a harbor?' },
  ],
}
const key = requestKey(request, context)

/** The same JSON value, with the properties of all objects in another order. */
function shuffled(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, random))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(
    ([name, child]) => [name, shuffled(child, random), random()] as const,
  )
  return Object.fromEntries(entries.sort((one, other) => one[2] - other[2]))
}

/** The path of every place in a JSON value, as a list of property names. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([name, child]) => placesOf(child, [...path, name]))]
}

function replaced(value: unknown, [name, ...rest]: readonly string[], substitute: unknown): unknown {
  if (name === undefined) return substitute
  const copy = structuredClone(value) as Record<string, unknown>
  Object.defineProperty(copy, name, { value: replaced(copy[name], rest, substitute) })
  return copy
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((inner, name) => (inner as Record<string, unknown>)[name], value)
}

/** A canonical text made without `canonicalJson`, to compare with: objects become lists of pairs, sorted by name. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_name, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    const pairs = Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1))
    return ['pairs', ...pairs]
  })
}

const json = fc.jsonValue({ maxDepth: 4 })
const jsonRequest = fc.dictionary(fc.string(), json, { minKeys: 1 })

describe('requestKey', () => {
  it('returns 43 characters that do not change between releases', () => {
    expect(key).toBe('75C6iDjX8A6n79U8CNimz-s67v-EYByAMQT0k_RqUmM')
    expect(key).toMatch(/^[\w-]{43}$/)
  })

  it('ignores the order of properties, at every depth', () => {
    fc.assert(
      fc.property(jsonRequest, fc.nat(), (body, seed) => {
        let state = seed
        const random = () => (state = (state * 16807 + 1) % 2147483647)
        const other = shuffled(body, random) as Record<string, unknown>
        expect(requestKey(other, context)).toBe(requestKey(body, context))
      }),
    )
  })

  it('changes with any value, at any depth', () => {
    fc.assert(
      fc.property(jsonRequest, json, fc.nat(), (body, substitute, choice) => {
        const places = placesOf(body).slice(1)
        const place = places[choice % places.length] ?? []
        fc.pre(canonicalText(at(body, place)) !== canonicalText(substitute))
        const other = replaced(body, place, substitute) as Record<string, unknown>
        expect(requestKey(other, { ...context, ignore: [] })).not.toBe(
          requestKey(body, { ...context, ignore: [] }),
        )
      }),
    )
  })

  it('changes with the order of an array', () => {
    const backwards = { ...request, messages: [...request.messages].reverse() }
    expect(requestKey(backwards, context)).not.toBe(key)
  })

  it('treats an undefined property as absent', () => {
    expect(requestKey({ ...request, tools: undefined, stop: undefined }, context)).toBe(key)
  })

  it.each([
    ['model', { model: 'gpt-4o' }],
    ['tool_choice', { tool_choice: 'none' }],
    ['max_tokens', { max_tokens: 10 }],
    ['temperature', { temperature: 1 }],
    ['an absent temperature', { temperature: undefined }],
    ['response_format', { response_format: { type: 'json_object' } }],
    ['stream', { stream: true }],
    ['stream_options', { stream: true, stream_options: { include_usage: true } }],
    ['a property nobody has heard of yet', { brand_new: null }],
  ])('differs for %s', (_name, change) => {
    expect(requestKey({ ...request, ...change }, context)).not.toBe(key)
  })

  it('differs for every base URL, scope and version', () => {
    const contexts = [
      context,
      { ...context, baseURL: 'https://api.deepseek.com/v1' },
      { ...context, baseURL: 'http://api.openai.com/v1' },
      { ...context, baseURL: 'https://api.openai.com:8443/v1' },
      { ...context, baseURL: 'https://api.openai.com/V1' },
      { ...context, baseURL: 'https://api.openai.com/v1?api-version=2' },
      { ...context, scope: 'tenant-2' },
      { ...context, scope: 'Tenant-1' },
      { ...context, version: 2 },
    ]
    expect(new Set(contexts.map((each) => requestKey(request, each))).size).toBe(contexts.length)
  })

  it('keeps scope, version, base URL and body apart', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        jsonRequest,
        (one, other, body) => {
          fc.pre(one !== other)
          expect(requestKey(body, { ...context, scope: one })).not.toBe(
            requestKey(body, { ...context, scope: other }),
          )
        },
      ),
    )
    expect(requestKey(request, { ...context, scope: 'tenant-1","https://api.openai.com/v1"]' })).not.toBe(key)
  })

  it.each([
    'https://API.OpenAI.com/v1',
    'HTTPS://api.openai.com:443/v1',
    'https://api.openai.com/v1/',
    'https://api.openai.com/v1//',
    'https://user:secret@api.openai.com/v1',
    'https://api.openai.com/x/../v1#part',
    ' https://api.openai.com/v1 ',
  ])('treats %s as the same base URL', (baseURL) => {
    expect(requestKey(request, { ...context, baseURL })).toBe(key)
  })

  it('ignores user, metadata and safety_identifier at the top level only', () => {
    const who = { user: 'u1', metadata: { trace: '1' }, safety_identifier: 's1' }
    expect(requestKey({ ...request, ...who }, context)).toBe(key)
    expect(requestKey({ ...request, input: who }, context)).not.toBe(
      requestKey({ ...request, input: {} }, context),
    )
  })

  it('ignores the properties in ignore instead', () => {
    const ignore = ['seed']
    expect(requestKey({ ...request, seed: 1 }, { ...context, ignore })).toBe(key)
    expect(requestKey({ ...request, user: 'u1' }, { ...context, ignore })).not.toBe(key)
    expect(requestKey({ ...request, user: 'u1' }, { ...context, ignore: [] })).not.toBe(key)
  })

  it('treats -0, Date and undefined in an array as JSON does', () => {
    const same = (one: unknown, other: unknown) => {
      expect(requestKey({ value: one }, context)).toBe(requestKey({ value: other }, context))
    }
    same(-0, 0)
    same(new Date(0), '1970-01-01T00:00:00.000Z')
    same([undefined], [null])
  })

  it.each([
    ['NaN', NaN],
    ['an infinite number', Infinity],
    ['a bigint', 1n],
  ] as const)('refuses %s by name', (found, value) => {
    expect(() => requestKey({ temperature: value }, context)).toThrow(
      expect.objectContaining({ code: 'unkeyable_request', path: 'temperature', found }),
    )
  })

  it('throws for a request that contains itself', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    expect(() => requestKey(cyclic, context)).toThrow(UnkeyableRequestError)
  })

  it.each([
    [undefined, 'context must be an object, got undefined'],
    [{ ...context, baseUrl: '' }, 'unknown option baseUrl; did you mean baseURL?'],
    [{ scope: 's' }, 'baseURL must be an absolute URL, got undefined'],
    [
      { ...context, baseURL: '/v1' },
      'baseURL must be an absolute URL with http or https, got a string that is none',
    ],
    [{ ...context, baseURL: 'ftp://secret@host' }, /^(?!.*secret)baseURL must be an absolute URL with http/],
    [{ ...context, scope: '' }, 'scope must be a string that is not empty, got an empty string'],
    [{ ...context, scope: 7 }, 'scope must be a string that is not empty, got 7'],
    [{ ...context, ignore: 'user' }, 'ignore must be an array of property names, got a string'],
    [{ ...context, ignore: [1] }, 'ignore must be an array of property names, got an array'],
    [{ ...context, version: -1 }, 'version must be a whole number of at least 0, got -1'],
    [{ ...context, version: 1.5 }, 'version must be a whole number of at least 0, got 1.5'],
  ])('throws for the context %j', (bad, message) => {
    expect(() => requestKey(request, bad as never)).toThrow(message)
  })

  it.each([undefined, null, 'text', [request]])('throws for a request that is not an object: %j', (bad) => {
    expect(() => requestKey(bad as never, context)).toThrow('request must be an object')
  })
})
