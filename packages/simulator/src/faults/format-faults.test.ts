import zlib from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { chat, chatStream, post } from '../../test/wire.ts'
import { startSimulator } from '../index.ts'

const simulator = await startSimulator()
const provider = simulator.provider()
afterAll(() => simulator.close())

const stream = (await chatStream(provider)).body
const json = (await chat(provider)).body

it.each([
  ['gzip', zlib.gunzipSync],
  ['br', zlib.brotliDecompressSync],
  ['deflate', zlib.inflateSync],
  ['zstd', zlib.zstdDecompressSync],
] as const)('gzip compresses a good answer with %s', async (encoding, decompress) => {
  provider.fail({ type: 'gzip', encoding }, { type: 'gzip', encoding })
  const unstreamed = await chat(provider)
  expect(unstreamed.headers['content-encoding']).toBe(encoding)
  expect(decompress(unstreamed.bytes).toString()).toBe(json)
  expect(decompress((await chatStream(provider)).bytes).toString()).toBe(stream)
})

it('flushes every event of a compressed stream that has a pace', async () => {
  provider.script({ tokenMs: 60_000 })
  provider.fail({ type: 'gzip' })
  const { bytes } = await chatStream(provider, { patienceMs: 30 })
  const partial = zlib.gunzipSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString()
  expect(partial).toBe(stream.slice(0, stream.indexOf('\n\n') + 2))
  provider.script({})
})

it('sends tiny packets that split characters for split', async () => {
  provider.fail({ type: 'split', bytes: 1 }, { type: 'split', bytes: 7, crlf: true })
  const single = await chat(provider)
  expect(single.body).toBe(json)
  expect(single.pieces.length).toBeGreaterThan(single.bytes.length / 8)
  const crlf = await chatStream(provider)
  expect(crlf.body).toBe(stream.replaceAll('\n', '\r\n'))
})

it('ends the lines of a stream with CRLF for crlf', async () => {
  provider.fail({ type: 'crlf' }, { type: 'crlf' })
  expect((await chatStream(provider)).body).toBe(stream.replaceAll('\n', '\r\n'))
  expect((await chat(provider)).body).toBe(json)
})

it('omits only [DONE] for no-done', async () => {
  provider.fail({ type: 'no-done' }, { type: 'no-done' })
  expect((await chatStream(provider)).body).toBe(stream.replace('data: [DONE]\n\n', ''))
  const { body } = await post(provider, '/responses', { model: 'gpt-4', input: 'Hello', stream: true })
  expect(body).toContain('event: response.completed')
})
