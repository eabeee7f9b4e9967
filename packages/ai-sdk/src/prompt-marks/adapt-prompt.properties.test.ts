import type { LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { adaptPrompt, promptTarget } from './index.ts'

const target = fc
  .constantFrom(
    ['openai.responses', 'gpt-5'],
    ['openai.chat', 'gpt-5'],
    ['azure.responses', 'x'],
    ['anthropic.messages', 'claude'],
    ['vertex.anthropic.messages', 'claude'],
    ['google.generative-ai', 'gemini-3-pro'],
    ['google.vertex.chat', 'gemini-2.5-pro'],
    ['mistral.chat', 'mistral-large'],
    ['gateway', 'anthropic/claude'],
    ['acme.chat', 'x'],
  )
  .map(([provider = '', modelId = '']) => promptTarget({ provider, modelId }))

const mark = fc.oneof(
  fc.constant({}),
  fc
    .tuple(
      fc.constantFrom('openai', 'azure', 'anthropic', 'google', 'vertex', 'acme', 'mistral'),
      fc.constantFrom('itemId', 'signature', 'thoughtSignature', 'cacheControl'),
    )
    .map(([key, name]) => ({ providerOptions: { [key]: { [name]: 'x' } } })),
)
const text = fc
  .tuple(fc.string({ minLength: 1 }), mark)
  .map(([value, marks]) => ({ type: 'text' as const, text: value, ...marks }))
const reasoning = fc
  .tuple(fc.string(), mark)
  .map(([value, marks]) => ({ type: 'reasoning' as const, text: value, ...marks }))
const call = fc
  .tuple(fc.string({ minLength: 1, maxLength: 80 }), fc.string(), fc.jsonValue(), mark)
  .map(([toolCallId, toolName, input, marks]) => ({
    type: 'tool-call' as const,
    toolCallId,
    toolName,
    input,
    ...marks,
  }))

const step = fc
  .tuple(fc.array(fc.oneof(text, reasoning, call), { minLength: 1, maxLength: 5 }), fc.string(), mark)
  .map(([content, value, marks]): LanguageModelV4Message[] => [
    { role: 'assistant', content },
    {
      role: 'tool',
      content: content.flatMap((part) =>
        part.type === 'tool-call'
          ? [
              {
                type: 'tool-result' as const,
                toolCallId: part.toolCallId,
                toolName: part.toolName,
                output: { type: 'text' as const, value },
                ...marks,
              },
            ]
          : [],
      ),
    },
  ])
const prompt = fc.array(step, { maxLength: 5 }).map((steps): LanguageModelV4Prompt => steps.flat())

/** What must survive: texts, calls, results, and which call each result belongs to. */
function essence(given: LanguageModelV4Prompt): unknown[] {
  const order = new Map<string, number>()
  const numberOf = (id: string): number => {
    const known = order.get(id) ?? order.size
    order.set(id, known)
    return known
  }
  return given.flatMap((message): unknown[] => {
    if (message.role !== 'assistant' && message.role !== 'tool') return [message]
    return message.content.flatMap((part): unknown[] => {
      if (part.type === 'text') return [part.text]
      if (part.type === 'tool-call') return [[part.toolName, part.input, numberOf(part.toolCallId)]]
      if (part.type === 'tool-result') return [[part.toolName, part.output, numberOf(part.toolCallId)]]
      return []
    })
  })
}

function freeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) freeze(inner)
  }
  return value
}

describe('an adapted prompt', () => {
  it('has every text, call and result of the given prompt, paired as before, and the given prompt is not changed', () => {
    fc.assert(
      fc.property(prompt, target, (given, to) => {
        const adapted = adaptPrompt(freeze(given), { to })
        expect(essence(adapted.prompt)).toEqual(essence(given))
      }),
      { numRuns: 500 },
    )
  })

  it('has nothing left to adapt, and is the given prompt where nothing is reported', () => {
    fc.assert(
      fc.property(prompt, target, (given, to) => {
        const adapted = adaptPrompt(given, { to })
        const again = adaptPrompt(adapted.prompt, { to })
        expect(again.prompt).toBe(adapted.prompt)
        expect(again.dropped).toEqual([])
        expect(adapted.prompt === given).toBe(adapted.dropped.length === 0)
      }),
      { numRuns: 500 },
    )
  })

  it('has only tool call ids that the target accepts', () => {
    fc.assert(
      fc.property(prompt, target, (given, to) => {
        for (const message of adaptPrompt(given, { to }).prompt) {
          if (message.role !== 'assistant' && message.role !== 'tool') continue
          for (const part of message.content)
            if ('toolCallId' in part) expect(part.toolCallId).toMatch(to.toolCallId ?? /^/)
        }
      }),
      { numRuns: 500 },
    )
  })
})
