import type { ServerResponse } from 'node:http'
import { GoogleGenAI, type GenerateContentConfig } from '@google/genai'
import { receiptOf, type HarborFetch, type HarborFetchOptions, type Receipt } from '../../src/index.ts'
import { harborFetchFor } from '../helpers/harbor-for.ts'
import { serve, type TestServer, type UpstreamRequest } from '../helpers/http-server.ts'

export const MODEL = 'gemini-2.5-pro'

/** One chunk of an answer, as the data of an event. */
export function chunk(text: string, finishReason?: string): object {
  return {
    candidates: [
      { content: { parts: [{ text }], role: 'model' }, ...(finishReason && { finishReason }), index: 0 },
    ],
    usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2, totalTokenCount: 6 },
    modelVersion: MODEL,
    responseId: 'r1',
  }
}

export function event(data: object | string): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

/** For each response to the SDK: resolves when the SDK has got the head of the call's answer, and so the first content of a stream. */
const answered = new WeakMap<ServerResponse, Promise<unknown>>()

/** Sends events, the first one alone: the others follow when the first one has reached the reader. */
export function sendEvents(
  response: ServerResponse,
  [first = '', ...others]: readonly string[],
  end = true,
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(first)
  const isRead = others.length === 0 ? undefined : answered.get(response)
  void Promise.resolve(isRead).then(() => {
    if (others.length > 0) response.write(others.join(''))
    if (end) response.end()
    else setTimeout(() => response.destroy(), 5)
  })
}

export interface GeminiSetUp extends TestServer {
  readonly genai: GoogleGenAI
  readonly harborFetch: HarborFetch
  /** The receipts of all calls so far, in order. */
  readonly receipts: readonly Receipt[]
}

/** The real SDK over Harbor, and a server that answers it. */
export async function geminiFor(
  answer: (request: UpstreamRequest, response: ServerResponse, call: number) => void,
  options: HarborFetchOptions = {},
): Promise<GeminiSetUp> {
  let calls = 0
  const server = await serve((request, response) => {
    answered.set(response, over.call())
    answer(request, response, ++calls)
  })
  const over = geminiOver(server.origin, options)
  return { ...server, requests: server.requests, ...over }
}

/** The real SDK over Harbor, for a server at this address. `call()` settles when the answer of the last call has begun. */
export function geminiOver(origin: string, options: HarborFetchOptions = {}) {
  let call = Promise.resolve<unknown>(undefined)
  const harborFetch = harborFetchFor(options)
  const receipts: Receipt[] = []
  const fetch: typeof globalThis.fetch = async (...args) => {
    const calling = harborFetch(...args)
    call = calling.catch(() => undefined)
    const response = await calling
    const receipt = receiptOf(response)
    if (receipt) receipts.push(receipt)
    return response
  }
  const genai = new GoogleGenAI({ apiKey: 'k', httpOptions: { baseUrl: origin, fetch } })
  return { genai, harborFetch, receipts, call: () => call }
}

export interface StreamReading {
  readonly text: string
  readonly chunks: number
  readonly error: unknown
}

/** Reads a stream of the SDK to its end. */
export async function readStream(genai: GoogleGenAI, config?: GenerateContentConfig): Promise<StreamReading> {
  let text = ''
  let chunks = 0
  try {
    const stream = await genai.models.generateContentStream({
      model: MODEL,
      contents: 'Hi',
      ...(config && { config }),
    })
    for await (const part of stream) {
      chunks++
      for (const { text: words = '', thought } of part.candidates?.[0]?.content?.parts ?? [])
        if (!thought) text += words
    }
  } catch (error) {
    return { text, chunks, error }
  }
  return { text, chunks, error: undefined }
}
