import type { ServerResponse } from 'node:http'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ApiError } from '@google/genai'
import { describe, expect, it } from 'vitest'
import type { HarborFetchOptions } from '../../src/index.ts'
import { geminiFor, MODEL, readStream } from './gemini-client.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const FOLDER = path.join(
  process.env['HARBOR_RECORDINGS'] ?? path.join(ROOT, '../shared/recordings'),
  'google',
)
const found = existsSync(FOLDER)
if (!found)
  console.warn(`There are no recordings in ${FOLDER} (HARBOR_RECORDINGS), so their tests are skipped.`)

const STREAM_URL = `/v1beta/models/${MODEL}:streamGenerateContent?alt=sse`
/** Dollars for a million tokens: their product with a count is exact. */
const PRICE = { inputPerMillion: 1_000_000, outputPerMillion: 2_000_000 }
const OPTIONS: HarborFetchOptions = {
  breaker: false,
  retry: { maxAttempts: 1 },
  models: { [`google/${MODEL}`]: { price: PRICE } },
}

interface Usage {
  promptTokenCount?: number
  toolUsePromptTokenCount?: number
  candidatesTokenCount?: number
  thoughtsTokenCount?: number
}
interface Chunk {
  usageMetadata?: Usage
  candidates?: { finishReason?: string; content?: { parts?: { text?: string; thought?: boolean }[] } }[]
}

function filesOf(ending: string): (readonly [name: string, text: string])[] {
  if (!found) return []
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(ending))
  return files.map((file) => [file.slice(0, -ending.length), readFileSync(path.join(FOLDER, file), 'utf8')])
}
const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')
const STREAMS = filesOf('.chunks.txt').map(([name, text]) => [name, linesOf(text)] as const)
const ANSWERS = filesOf('.json').filter(([name]) => !/\d{3}/.test(name))
const ERRORS = filesOf('.json').filter(([name]) => /\d{3}/.test(name))

/** Input and output as Google bills them. */
function billed({ promptTokenCount = 0, toolUsePromptTokenCount = 0, ...output }: Usage) {
  const { candidatesTokenCount = 0, thoughtsTokenCount = 0 } = output
  const inputTokens = promptTokenCount + toolUsePromptTokenCount
  const outputTokens = candidatesTokenCount + thoughtsTokenCount
  return {
    usage: { inputTokens, outputTokens },
    cost: { usd: inputTokens + 2 * outputTokens, usage: 'reported' },
  }
}
function textOf(chunks: readonly Chunk[]): string {
  const parts = chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? [])
  return parts.map(({ text = '', thought }) => (thought ? '' : text)).join('')
}
const wire = (lines: readonly string[], end: string): string =>
  lines.map((line) => `data: ${line}${end}`).join('')

/** Sends a text in packets. */
async function sendPackets(response: ServerResponse, text: string, bytes: number, end: 'end' | 'destroy') {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  const whole = Buffer.from(text)
  for (let at = 0; at < whole.length; at += bytes) {
    response.write(whole.subarray(at, at + bytes))
    if (bytes < 100 && at % 2_100 === 0) await new Promise(setImmediate)
  }
  if (end === 'end') response.end()
  else setTimeout(() => response.destroy(), 2)
}

function sendIn(...sending: Parameters<typeof sendPackets>): void {
  void sendPackets(...sending)
}

describe.runIf(found)("a recorded stream of Gemini's", () => {
  it('is there', () => {
    expect(STREAMS.length).toBeGreaterThanOrEqual(4)
  })

  it.each(STREAMS)(
    'arrives byte for byte, its end is recognised, and it costs what Google bills: %s',
    async (_, lines) => {
      const chunks = lines.map((line) => JSON.parse(line) as Chunk)
      for (const [separator, bytes] of [
        ['\n\n', 1e6],
        ['\r\n\r\n', 1e6],
        ['\r\r', 1e6],
        ['\r\n\r\n', 7],
      ] as const) {
        const text = wire(lines, separator)
        const { harborFetch, origin, receipts } = await geminiFor(
          (_request, response) => sendIn(response, text, bytes, 'end'),
          OPTIONS,
        )
        const response = await harborFetch(origin + STREAM_URL, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-goog-api-key': 'k' },
          body: '{"contents":[]}',
        })
        expect(await response.text()).toBe(text)
        expect(receipts).toHaveLength(0)
      }
      const { genai, receipts } = await geminiFor(
        (_request, response) => sendIn(response, wire(lines, '\r\n\r\n'), 1e6, 'end'),
        OPTIONS,
      )
      expect(await readStream(genai)).toEqual({
        text: textOf(chunks),
        chunks: lines.length,
        error: undefined,
      })
      expect(receipts).toMatchObject([
        {
          outcome: 'success',
          attempts: { length: 1 },
          finishReasons: ['STOP'],
          ...billed(chunks.at(-1)?.usageMetadata ?? {}),
        },
      ])
    },
  )

  it.each(STREAMS)('is never a short success when it is cut at or inside any event: %s', async (_, lines) => {
    const texts = lines.map((line) => `data: ${line}\r\n\r\n`)
    const chunks = lines.map((line) => JSON.parse(line) as Chunk)
    let sent = ''
    let how: 'end' | 'destroy' = 'end'
    const { genai, receipts, requests } = await geminiFor(
      (_request, response) => sendIn(response, sent, 1e6, how),
      OPTIONS,
    )
    let cuts = 0
    for (const [at, text] of texts.entries()) {
      const before = texts.slice(0, at).join('')
      for (const length of [0, 3, Math.floor(text.length / 2), text.length - 6]) {
        for (how of ['end', 'destroy'] as const) {
          sent = before + text.slice(0, length)
          const { text: read, error } = await readStream(genai, { automaticContinuation: false })
          const where = `cut in event ${at + 1} of ${texts.length}, after ${length} characters, by ${how}`
          expect(error, where).toBeInstanceOf(ApiError)
          expect(textOf(chunks.slice(0, at)).startsWith(read), where).toBe(true)
          expect(receipts.at(-1), where).toMatchObject({ outcome: 'failure' })
          cuts++
        }
      }
    }
    expect(requests).toHaveLength(cuts)
  })
})

describe.runIf(found)("a recorded answer of Gemini's", () => {
  it.each(ANSWERS)('arrives as it was sent, and costs what Google bills: %s', async (_, body) => {
    const { genai, harborFetch, origin, receipts } = await geminiFor((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' }).end(body)
    }, OPTIONS)
    const raw = await harborFetch(`${origin}/v1beta/models/${MODEL}:generateContent`, {
      method: 'POST',
      body: '{"contents":[]}',
    })
    expect(await raw.text()).toBe(body)
    const answer = await genai.models.generateContent({ model: MODEL, contents: 'Hi' })
    const recorded = JSON.parse(body) as Chunk
    expect(answer.candidates?.[0]?.content).toEqual(recorded.candidates?.[0]?.content)
    expect(receipts).toMatchObject([
      { outcome: 'success', finishReasons: ['STOP'], ...billed(recorded.usageMetadata ?? {}) },
    ])
  })
})

describe.runIf(found)("a recorded error of Gemini's", () => {
  it.each(ERRORS)('is its own error, with its wait: %s', async (_, body) => {
    const { genai, receipts, requests } = await geminiFor(
      (_request, response) => {
        response.writeHead(429, { 'content-type': 'application/json' }).end(body)
      },
      { ...OPTIONS, retry: { maxAttempts: 6 }, timeout: 3_000 },
    )
    const asking = genai.models.generateContent({ model: MODEL, contents: 'Hi' })
    await expect(asking).rejects.toMatchObject({ name: 'ApiError', status: 429 })
    expect(requests).toHaveLength(1)
    expect(receipts).toMatchObject([
      { attempts: [{ failure: { kind: 'rate-limit', code: 'RESOURCE_EXHAUSTED', retryAfterMs: 34_400 } }] },
    ])
  })
})
