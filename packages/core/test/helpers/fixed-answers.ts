import { expect } from 'vitest'
import { receiptOf, type HarborOptions, type Receipt } from '../../src/index.ts'
import { harborFor } from './harbor-for.ts'
import { sendJson, serve } from './http-server.ts'

export const models = { m: { price: { inputPerMillion: 1, outputPerMillion: 2 } } }
export const ENGLISH = 'the weather is nice today and we are going for a walk in the park '.repeat(40)
export function chat(content: string, more: object = {}) {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }]
  return { id: 'c', object: 'chat.completion', created: 1, model: 'm', choices, ...more }
}

export function ask(content = 'Hi', more: object = {}) {
  return { model: 'm', messages: [{ role: 'user' as const, content }], ...more }
}

export function events(list: readonly object[], done = 'data: [DONE]\n\n'): string {
  return list.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('') + done
}

export function chunk(delta: object, finish_reason: string | null = null, more: object = {}): object {
  return {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason }],
    ...more,
  }
}

/** A server whose every answer is this one, and a client of it. */
export async function answering(body: object | string, options: HarborOptions = {}) {
  const upstream = await serve((_, response) => {
    if (typeof body === 'string') response.writeHead(200, { 'content-type': 'text/event-stream' }).end(body)
    else sendJson(response, body)
  })
  return { ...upstream, harbor: harborFor(upstream, { models, maxRetries: 0, ...options }) }
}

/** The cost in a receipt, which may come a moment after the end. */
export async function costOf(holder: unknown): Promise<Receipt['cost']> {
  await expect.poll(() => receiptOf(holder)?.cost).toBeDefined()
  return receiptOf(holder)?.cost
}
