import { crc32 } from 'node:zlib'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CacheStore } from '@harbor/cache'
import { SqliteStore } from '@harbor/cache/sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { receiptOf, type Harbor } from '../src/index.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { answerFor, ask, chat } from './helpers/tenant-clients.ts'
import { serve } from './helpers/http-server.ts'

class TestStore implements CacheStore {
  readonly entries = new Map<string, Uint8Array>()
  async get(key: string): Promise<Uint8Array | undefined> {
    return this.entries.get(key)
  }
  async set(key: string, value: Uint8Array): Promise<void> {
    this.entries.set(key, Uint8Array.from(value))
  }
  async delete(key: string): Promise<void> {
    this.entries.delete(key)
  }
}

interface Parts {
  readonly header: Record<string, unknown>
  readonly head: Record<string, unknown>
  readonly body: string
}

/** Takes an entry apart, and seals what is made of it with a right checksum. */
function resealed(
  sealed: Uint8Array,
  change: (parts: Parts) => { header: object; body: string },
): Uint8Array {
  const good = Buffer.from(sealed)
  const end = 13 + good.readUInt32BE(9)
  const header = JSON.parse(good.subarray(13, end).toString()) as Record<string, unknown>
  const head = JSON.parse(header['head'] as string) as Record<string, unknown>
  const made = change({ header, head, body: good.subarray(end).toString() })
  const text = Buffer.from(JSON.stringify(made.header))
  const out = Buffer.concat([good.subarray(0, 13), text, Buffer.from(made.body)])
  out.writeUInt32BE(text.length, 9)
  out.writeUInt32BE(crc32(out.subarray(9)), 5)
  return out
}

const withHead =
  (head: (head: Record<string, unknown>) => unknown) =>
  ({ header, head: found, body }: Parts) => ({
    header: { ...header, head: JSON.stringify(head(found)) },
    body,
  })

const FOREIGN: readonly [string, (parts: Parts) => { header: object; body: string }][] = [
  ['no version', withHead(({ version: _version, ...head }) => head)],
  ['another version', withHead((head) => ({ ...head, version: 99 }))],
  ['an empty head', withHead(() => ({}))],
  ['null for a head', withHead(() => null)],
  ['a list for a head', withHead(() => [])],
  ['a head that is no JSON', ({ header, body }) => ({ header: { ...header, head: 'nonsense' }, body })],
  ['no head', ({ header: { head: _head, ...header }, body }) => ({ header, body })],
  ['a status of failure', withHead((head) => ({ ...head, status: 500 }))],
  ['a status that is a text', withHead((head) => ({ ...head, status: '200' }))],
  ['a status that no response has', withHead((head) => ({ ...head, status: 2_000 }))],
  ['headers that are none', withHead((head) => ({ ...head, headers: [['bad name', 'x']] }))],
  ['headers with a line break', withHead((head) => ({ ...head, headers: [['x-a', 'x\ny']] }))],
  ['headers that are an object', withHead((head) => ({ ...head, headers: { 'x-a': 'b' } }))],
  ['headers that are missing', withHead(({ headers: _headers, ...head }) => head)],
  ['no target', withHead((head) => ({ ...head, target: null }))],
  ['the other kind', withHead((head) => ({ ...head, kind: head['kind'] === 'text' ? 'stream' : 'text' }))],
  ['a body that is cut', ({ header, body }) => ({ header, body: body.slice(0, 20) })],
  ['an empty body', ({ header }) => ({ header, body: '' })],
  ['a body that is an error', ({ header }) => ({ header, body: '{"error":{"message":"no"}}' })],
]

describe.each([false, true])('an entry of the far tier, sealed right (stream: %s)', (stream) => {
  async function open(): Promise<{ store: TestStore; client: () => Harbor; calls: () => number }> {
    const { baseURL, requests } = await serve(answerFor)
    const store = new TestStore()
    const client = (): Harbor => harborFor({ baseURL }, { cache: { farTier: store } })
    await ask(client(), 'Q', stream)
    await new Promise((resolve) => setTimeout(resolve, 5))
    return { store, client, calls: () => requests.length }
  }

  it('answers another client, as it was', async () => {
    const { client, calls } = await open()
    expect(await ask(client(), 'Q', stream)).toBe('Q for test-key')
    expect(calls()).toBe(1)
  })

  it.each(FOREIGN)('with %s is a counted miss, and is replaced', async (name, change) => {
    const { store, client, calls } = await open()
    const [[key, good] = []] = store.entries
    if (!key || !good) throw new Error('nothing was written')
    store.entries.set(key, resealed(good, change))
    const harbor = client()
    expect(await ask(harbor, 'Q', stream)).toBe('Q for test-key')
    expect(harbor.stats().cache.misses).toBe(1)
    if (name !== 'no head') expect(harbor.stats().cache.far.unreadable).toBe(1)
    expect(await ask(harbor, 'Q', stream)).toBe('Q for test-key')
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await ask(client(), 'Q', stream)).toBe('Q for test-key')
    expect(calls()).toBe(2)
  })
})

describe('what the far tier holds', () => {
  it('has no key in it, wherever the caller puts one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harbor-far-'))
    onTestFinished(() => {
      rmSync(folder, { recursive: true })
    })
    const { baseURL } = await serve((request, response) => {
      answerFor(request, response, 'all')
    })
    const withUser = baseURL.replace('http://', 'http://user:SECRET-1@')
    const store = new SqliteStore(join(folder, 'answers.sqlite'))
    const harbor = harborFor(
      { baseURL },
      {
        apiKey: 'SECRET-2',
        defaultQuery: { key: 'SECRET-3' },
        defaultHeaders: { cookie: 'SECRET-4' },
        cache: { farTier: store },
      },
    )
    const copies = [
      harbor,
      harbor.withOptions({ baseURL: `${baseURL}?api-key=SECRET-5` }),
      harbor.withOptions({ baseURL: withUser }),
    ]
    for (const copy of copies)
      for (const stream of [false, true]) await ask(copy, 'Q', stream).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(harbor.stats().cache.far.writes).toBeGreaterThan(2)
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), 'latin1')
      expect(text).not.toContain('SECRET')
    }
  })

  it('gives the address without its query', async () => {
    const { baseURL } = await serve(answerFor)
    const harbor = harborFor({ baseURL }, { defaultQuery: { key: 'SECRET' }, cache: true })
    await ask(harbor, 'Q')
    const hit = await harbor.chat.completions.create(chat('Q')).asResponse()
    expect(receiptOf(hit)?.cache?.status).toBe('hit')
    expect(hit.url).toBe(`${baseURL}/chat/completions`)
  })
})
