import { APICallError, type LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { MockLanguageModelV4 } from 'ai/test'

export const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
}
export const STOP = { unified: 'stop' as const, raw: 'stop' }
const FINISH: LanguageModelV4StreamPart = { type: 'finish', finishReason: STOP, usage: USAGE }
const START: LanguageModelV4StreamPart[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'response-metadata', id: 'r', modelId: 'm' },
  { type: 'text-start', id: '0' },
]

export const delta = (text: string): LanguageModelV4StreamPart => ({
  type: 'text-delta',
  id: '0',
  delta: text,
})
export const startOnly = START
export const whole = (...texts: string[]): LanguageModelV4StreamPart[] => [
  ...START,
  ...texts.map(delta),
  { type: 'text-end', id: '0' },
  FINISH,
]
export const cut = (...texts: string[]): LanguageModelV4StreamPart[] => [...START, ...texts.map(delta)]

export const apiError = (statusCode: number, headers: Record<string, string> = {}, body = ''): APICallError =>
  new APICallError({
    message: 'failed',
    url: 'https://example.test/',
    requestBodyValues: {},
    statusCode,
    responseHeaders: headers,
    responseBody: body,
  })

export interface Stream {
  parts: readonly LanguageModelV4StreamPart[]
  /** Whether the stream stays open after its parts. */
  hangs?: boolean
}

/** Reads a stream to its end. Rejects as it does. */
export async function allOf<Part>(stream: AsyncIterable<Part>): Promise<Part[]> {
  const parts: Part[] = []
  for await (const part of stream) parts.push(part)
  return parts
}

/** A text to answer with, `hang` for no answer at all, an error to throw, or a stream. */
type Step = string | Error | Stream

/** A model that makes these steps, one for each call; the last one is repeated. */
export function mock(
  name: string,
  ...steps: Step[]
): MockLanguageModelV4 & { cancelled: unknown[]; aborted: unknown[] } {
  let calls = 0
  const cancelled: unknown[] = []
  const aborted: unknown[] = []
  const next = (signal?: AbortSignal): Step => {
    signal?.addEventListener('abort', () => aborted.push(signal.reason))
    const step = steps[Math.min(calls++, steps.length - 1)] ?? ''
    if (step instanceof Error) throw step
    return step
  }
  const model = new MockLanguageModelV4({
    provider: 'mock',
    modelId: name,
    doGenerate: async ({ abortSignal }) => {
      const step = next(abortSignal)
      if (step === 'hang') return await new Promise<never>(() => undefined)
      return {
        content: [{ type: 'text', text: typeof step === 'string' ? step : '' }],
        finishReason: STOP,
        usage: USAGE,
        warnings: [],
      }
    },
    doStream: async ({ abortSignal }) => {
      const step = next(abortSignal)
      if (step === 'hang') return await new Promise<never>(() => undefined)
      const { parts, hangs } =
        typeof step === 'string' ? { parts: whole(step), hangs: false } : (step as Stream)
      const waiting = [...parts]
      return {
        stream: new ReadableStream({
          pull(controller) {
            const part = waiting.shift()
            if (part) controller.enqueue(part)
            else if (!hangs) controller.close()
          },
          cancel: (reason) => void cancelled.push(reason),
        }),
      }
    },
  })
  return Object.assign(model, { cancelled, aborted })
}
