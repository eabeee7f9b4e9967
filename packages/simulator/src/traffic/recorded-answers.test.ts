import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { recordedAnswers, recordTraffic, startSimulator } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'answers-'))
afterAll(() => rmSync(folder, { recursive: true }))

const message = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Hi' }],
}
const anthropicAt = (baseURL: string) => new Anthropic({ baseURL, apiKey: 'key', maxRetries: 0 })

/** Records two calls of Anthropic's SDK and one of Google's. */
async function record(): Promise<{ file: string; texts: string[] }> {
  await using vendor = await startSimulator()
  const file = join(folder, 'traffic.jsonl')
  const recorder = await recordTraffic({ upstream: vendor.provider().url, to: file, answers: 'keep' })
  const anthropic = anthropicAt(recorder.baseURL)
  const texts = [
    await anthropic.messages.stream(message).finalText(),
    JSON.stringify((await anthropic.messages.create(message)).content),
  ]
  const gemini = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: recorder.baseURL } })
  texts.push((await gemini.models.generateContent({ model: 'gemini-2.5-pro', contents: 'Hi' })).text ?? '')
  await recorder.close()
  return { file, texts }
}

it('plays recorded answers between faults, in virtual time', async () => {
  const { file, texts } = await record()
  const [stream, json, gemini] = recordedAnswers(file)
  if (!stream || !json || !gemini) expect.fail('Three calls were recorded.')
  await using simulator = await startSimulator({ time: 'virtual' })
  const provider = simulator.provider()
  provider.fail(stream, { type: 'overloaded' }, json, { type: 'delay', ms: 60_000 }, gemini)
  const anthropic = anthropicAt(provider.url)

  expect(await anthropic.messages.stream(message).finalText()).toBe(texts[0])
  await expect(anthropic.messages.create(message)).rejects.toMatchObject({ status: 529 })
  expect(JSON.stringify((await anthropic.messages.create(message)).content)).toBe(texts[1])
  const delayed = anthropic.messages.create(message)
  await simulator.advance(60_000)
  expect((await delayed).content).toHaveLength(1)
  const client = new GoogleGenAI({ apiKey: 'key', httpOptions: { baseUrl: provider.url } })
  expect((await client.models.generateContent({ model: 'gemini-2.5-pro', contents: 'Hi' })).text).toBe(
    texts[2],
  )
  expect(provider.counts()).toMatchObject({ calls: 5, faults: { raw: 3, overloaded: 1, delay: 1 } })
})

it('ends the connection where the recorded one ended', async () => {
  await using vendor = await startSimulator()
  vendor.provider().fail({ type: 'stream-cut', afterEvents: 5 })
  const file = join(folder, 'cut.jsonl')
  const recorder = await recordTraffic({ upstream: vendor.provider().url, to: file })
  await expect(anthropicAt(recorder.baseURL).messages.stream(message).finalText()).rejects.toThrow()
  await recorder.close()
  await using simulator = await startSimulator()
  simulator.provider().fail(...recordedAnswers(file))
  await expect(anthropicAt(simulator.provider().url).messages.stream(message).finalText()).rejects.toThrow()
})
