import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Harbor } from '../src/index.ts'
import { COMPLETION, json, REQUEST, scripted, type ScriptedFetch } from './helpers/sdk-versions.ts'

type Methods = Record<string, (this: unknown, ...given: unknown[]) => unknown>

const HOOKS = [
  'prepareOptions',
  'prepareRequest',
  'buildRequest',
  'makeRequest',
  'fetchWithTimeout',
  'authHeaders',
  'buildHeaders',
  'parseResponseWithTimeout',
  'fetch',
]
const PATCHES = HOOKS.filter((name) => name in OpenAI.prototype && name !== 'fetch')

const ask = (client: OpenAI): Promise<unknown> => client.chat.completions.create(REQUEST)

async function askTimes(count: number, client: OpenAI): Promise<void> {
  for (let turn = 0; turn < count; turn++) await ask(client)
}

function clientOf<Client extends OpenAI>(
  Class: new (options: object) => Client,
  fetch: ScriptedFetch = scripted(json(COMPLETION)),
): Client {
  const client = new Class({ apiKey: 'key', logLevel: 'off', maxRetries: 0, fetch })
  if (client instanceof Harbor) onTestFinished(() => client.close())
  return client
}

/** Replaces a method by one that only counts its calls. */
function watch(of: object, name: string): { calls: number; restore: () => void } {
  const methods = of as Methods
  const original = methods[name]
  const restore = (): void => {
    if (original) methods[name] = original
  }
  const watched = { calls: 0, restore }
  methods[name] = function (...given) {
    watched.calls++
    return original?.apply(this, given)
  }
  return watched
}

describe('a hook that only watches', () => {
  // A call that had to wait for 100 ms is signed again just before it is sent, which a busy machine must not cause.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  it.each(HOOKS.filter((name) => name === 'fetch' || name in OpenAI.prototype))(
    'is called for every call when it is set on a client in use, as on the bare SDK: %s',
    async (name) => {
      const counts: number[] = []
      for (const Class of [OpenAI, Harbor]) {
        const client = clientOf<OpenAI>(Class)
        await askTimes(3, client)
        const watched = watch(client, name)
        await askTimes(5, client)
        counts.push(watched.calls)
        const copy = client.withOptions({ timeout: 5_000 })
        const onCopy = name === 'fetch' ? watched : watch(copy, name)
        await askTimes(5, copy)
        counts.push(onCopy.calls)
      }
      expect(counts.slice(0, 2)).toEqual([5, name === 'fetch' ? 10 : 5])
      expect(counts.slice(2)).toEqual(counts.slice(0, 2))
    },
  )

  it.each(PATCHES)(
    'is called for every call when it is set on the prototype later, as on the bare SDK: %s',
    async (name) => {
      const counts: number[] = []
      for (const Class of [OpenAI, Harbor]) {
        const client = clientOf<OpenAI>(Class)
        await askTimes(3, client)
        const watched = watch(OpenAI.prototype, name)
        try {
          await askTimes(5, client)
        } finally {
          watched.restore()
        }
        counts.push(watched.calls)
        await askTimes(2, client)
        expect(watched.calls).toBe(counts.at(-1))
      }
      expect(counts).toEqual([5, 5])
    },
  )

  it.each(PATCHES)('is called for every call when it was set before Harbor was loaded: %s', async (name) => {
    const watched = watch(OpenAI.prototype, name)
    onTestFinished(watched.restore)
    vi.resetModules()
    const { Harbor: Later } = await import('../src/index.ts')
    const later = clientOf<OpenAI>(Later)
    await askTimes(5, later)
    expect(watched.calls).toBe(5)
  })
})

describe('a hook that adds a header', () => {
  it('adds it to the requests of its own client only, and only while it is set', async () => {
    const fetch = scripted(json(COMPLETION))
    const first = clientOf(Harbor, fetch)
    const methods = first as unknown as Methods
    const { prepareRequest } = methods
    methods['prepareRequest'] = async function (request, ...rest) {
      ;((request as RequestInit).headers as Headers).set('x-own', 'first')
      await prepareRequest?.call(this, request, ...rest)
    }
    await askTimes(3, first)
    await askTimes(3, first.withOptions({ maxRetries: 0 }))
    if (prepareRequest) methods['prepareRequest'] = prepareRequest
    await askTimes(3, first)
    const sent = fetch.calls.map(({ init }) => new Headers(init.headers).get('x-own'))
    expect(sent).toEqual([...Array<string>(3).fill('first'), ...Array<null>(6).fill(null)])
  })
})
