import { useProviders } from '@harbor/simulator/vitest'
import { generateText, isStepCount, streamText, tool, type ModelMessage } from 'ai'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createFallbackModel, receiptsOf, type FallbackModel, type ModelReceipt } from '../src/index.ts'
import { STRICT, THINKING } from './strict-vendors.ts'

const { primary, backup } = useProviders({ primary: {}, backup: {} })

const VENDORS = ['responses', 'chat', 'anthropic', 'google'] as const
const PAIRS = VENDORS.flatMap((from) => VENDORS.filter((to) => to !== from).map((to) => [from, to] as const))

interface Turn {
  readonly text: string
  readonly messages: ModelMessage[]
  readonly receipts: readonly ModelReceipt[]
}
type Run = (model: FallbackModel, messages: ModelMessage[], onTool: () => void) => Promise<Turn>

function settings(model: FallbackModel, messages: ModelMessage[], onTool: () => void) {
  const inputSchema = z.object({ city: z.string() })
  const execute = () => {
    onTool()
    return { sky: 'clear' }
  }
  return {
    model,
    messages,
    maxRetries: 0,
    maxOutputTokens: 4_000,
    providerOptions: THINKING,
    stopWhen: isStepCount(4),
    tools: {
      weather: tool({ description: 'weather', inputSchema, execute }),
      tide: tool({ description: 'tide', inputSchema, execute }),
    },
  }
}

const RUNS: readonly (readonly [string, Run])[] = [
  [
    'generateText',
    async (...given) => {
      const result = await generateText(settings(...given))
      return { text: result.text, messages: result.responseMessages, receipts: receiptsOf(result) }
    },
  ],
  [
    'streamText',
    async (...given) => {
      const result = streamText(settings(...given))
      let text = ''
      for await (const part of result.stream) {
        if (part.type === 'text-delta') text += part.text
        if (part.type === 'error') throw part.error
      }
      return { text, messages: await result.responseMessages, receipts: await receiptsOf(result) }
    },
  ],
]

const ask = (content: string): ModelMessage => ({ role: 'user', content })
const QUESTION = 'Compare the weather and the tide of Genoa.'

describe.each(RUNS)('a tool loop of %s', (_, run) => {
  it.each(PAIRS)('begun at %s continues at %s, and the next one the other way round', async (from, to) => {
    const sent = { from: [] as string[], to: [] as string[] }
    const first = STRICT[from](primary, sent.from)
    const second = STRICT[to](backup, sent.to)
    const model = createFallbackModel({ models: [first, second], retry: { baseDelayMs: 1 }, breaker: false })
    const names = [first, second].map(({ provider, modelId }) => `${provider}/${modelId}`)
    const down = { type: 'status', status: 503 } as const

    let tools = 0
    const one = await run(model, [ask(QUESTION)], () => {
      if (tools++ === 0) primary.fail(down, down)
    })
    // Both tools were called at once, and the result of both reached the other vendor.
    expect(tools).toBe(2)
    expect(one.text).toContain('You asked')
    expect(one.receipts.map(({ target }) => target)).toEqual(names)
    expect(sent.to.at(-1)?.match(/clear/g)).toHaveLength(2)

    const adaptations = one.receipts.at(-1)?.attempts.at(-1)?.adaptations
    if (from === 'anthropic') expect(adaptations).toContain('anthropic: reasoning removed')
    if (to === 'google') expect(adaptations?.join()).toContain('a function call without a signature')

    const history = [ask(QUESTION), ...one.messages, ask(QUESTION)]
    primary.fail(down, down)
    tools = 0
    const two = await run(model, history, () => {
      if (tools++ === 0) backup.fail(down, down)
    })
    expect(tools).toBe(2)
    expect(two.text).toContain('You asked')
    expect(two.receipts.map(({ target }) => target)).toEqual(names.toReversed())
    // The text of the first turn may quote a result, too.
    expect(sent.from.at(-1)?.match(/clear/g)?.length).toBeGreaterThanOrEqual(4)
    expect(JSON.stringify([one.receipts, two.receipts])).not.toMatch(/sk-secret|Genoa|clear/)
  })
})
