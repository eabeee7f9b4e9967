import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { recordTraffic, replayTraffic, startSimulator } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'traffic-'))
const simulator = await startSimulator({ providers: { vendor: { reply: 'A sheltered port.' } } })
afterAll(async () => {
  await simulator.close()
  rmSync(folder, { recursive: true })
})

const PROMPT = 'Which zqharbour is this?'
const KEY = 'a-key-that-is-secret'

/** What the SDK of Anthropic sees of an answer and of a stream. */
async function anthropicCalls(baseURL: string): Promise<unknown[]> {
  const client = new Anthropic({ baseURL, apiKey: KEY, maxRetries: 0 })
  const request = {
    model: 'claude-sonnet-4-6',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: PROMPT }],
  }
  const { id, usage, stop_reason, content } = await client.messages.create(request)
  const message = await client.messages.stream(request).finalMessage()
  return [
    id,
    usage,
    stop_reason,
    sizesOf(content),
    message.stop_reason,
    message.usage,
    sizesOf(message.content),
  ]
}

/** What the SDK of Google sees of an answer and of a stream. */
async function geminiCalls(baseUrl: string): Promise<unknown[]> {
  const { models } = new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl } })
  const request = { model: 'gemini-2.5-pro', contents: PROMPT }
  const { usageMetadata, candidates = [], text = '' } = await models.generateContent(request)
  const seen: unknown[] = [usageMetadata, candidates[0]?.finishReason, text.length]
  for await (const chunk of await models.generateContentStream(request)) {
    seen.push([chunk.usageMetadata, chunk.candidates?.[0]?.finishReason, chunk.text?.length])
  }
  return seen
}

function sizesOf(content: readonly { type: string }[]): unknown[] {
  return content.map((block) => [block.type, 'text' in block ? (block.text as string).length : 0])
}

it.each([
  ['Anthropic', anthropicCalls],
  ['Gemini', geminiCalls],
])(
  'a redacted recording plays what the SDK of %s needs, without the prompt, the answer and the key',
  async (name, calls) => {
    const file = join(folder, `${name}.jsonl`)
    const recorder = await recordTraffic({ upstream: simulator.provider().url, to: file })
    const recorded = await calls(recorder.baseURL)
    await recorder.close()
    await using replay = await replayTraffic({ from: file })
    expect(await calls(replay.url)).toEqual(recorded)
    expect(replay.unused()).toEqual([])
    const text = readFileSync(file, 'utf8')
    for (const secret of ['zqharbour', 'sheltered', KEY]) expect(text).not.toContain(secret)
  },
)

it('names what was expected in an error of each SDK', async () => {
  await using recorder = await recordTraffic({
    upstream: simulator.provider().url,
    to: join(folder, 'none.jsonl'),
  })
  await using replay = await replayTraffic({ from: join(folder, 'none.jsonl') })
  expect(recorder.counts().recorded).toBe(0)
  await expect(anthropicCalls(replay.url)).rejects.toThrow(
    'no recording answers POST /v1/messages (claude-sonnet-4-6)',
  )
  await expect(geminiCalls(replay.url)).rejects.toThrow('no recording answers POST')
})
