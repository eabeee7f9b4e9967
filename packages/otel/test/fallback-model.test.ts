import { createOpenAI } from '@ai-sdk/openai'
import { createFallbackModel } from '@harbor/ai-sdk'
import { startSimulator } from '@harbor/simulator'
import { generateText } from 'ai'
import { expect, it, onTestFinished } from 'vitest'
import { openTelemetry } from '../src/index.ts'
import { status } from './helpers/clients.ts'
import { metering, total } from './helpers/metering.ts'
import { recording, treeOf } from './helpers/recording.ts'

it('a fallback model of the AI SDK has the same traces and metrics as a client', async () => {
  const simulator = await startSimulator({ providers: { first: {}, second: {} } })
  onTestFinished(() => simulator.close())
  const [first, second] = [simulator.provider('first'), simulator.provider('second')]
  first.script({ rules: [{ fault: status(429) }] })
  const { tracerProvider, spans } = recording()
  const { meterProvider, collect } = metering()
  const model = createFallbackModel({
    models: [
      createOpenAI({ baseURL: first.baseURL, apiKey: 'key' }).chat('gpt-5'),
      createOpenAI({ name: 'other', baseURL: second.baseURL, apiKey: 'key' }).chat('gpt-5-mini'),
    ],
    telemetry: openTelemetry({ tracerProvider, meterProvider }),
  })
  const { usage } = await generateText({ model, prompt: 'Say hello.', maxRetries: 0 })
  expect(treeOf(spans(), 'harbor.target', 'harbor.attempt.reason', 'error.type')).toEqual([
    'chat gpt-5 CLIENT other.chat/gpt-5-mini',
    '  chat gpt-5 CLIENT openai.chat/gpt-5 first 429',
    '  chat gpt-5-mini CLIENT other.chat/gpt-5-mini fallback',
  ])
  const series = await collect()
  expect(total(series, 'gen_ai.client.inference.usage.input_tokens').value).toBe(usage.inputTokens)
  expect(total(series, 'harbor.attempts').value).toBe(2)
  expect(total(series, 'harbor.fallbacks').value).toBe(1)
  expect(total(series, 'harbor.in_flight').value).toBe(0)
})
