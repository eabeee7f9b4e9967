import { isRecord, type JsonBody } from '../../base/json.ts'
import type { Endpoint } from './batch-endpoints.ts'

/** The times within which OpenAI's responses in the background may be ready, at a discount. */
export type CompletionWindow = '2h' | '8h'

/** Whether a request can be sent at the tier `flex`: one that names a tier itself keeps it. */
export function canBeFlex({ service_tier: tier }: JsonBody, endpoint: Endpoint): boolean {
  return endpoint !== '/v1/embeddings' && (tier === undefined || tier === null || tier === 'auto')
}

/** Returns the request at the tier `flex`: https://developers.openai.com/api/docs/guides/flex-processing */
export function asFlex(body: unknown): object {
  return { ...(isRecord(body) ? body : {}), service_tier: 'flex' }
}

/** Whether a request can be answered by a response in the background with a discounted window: it is stored, and has the default tier. */
export function canWait({ service_tier: tier, store, background }: JsonBody, endpoint: Endpoint): boolean {
  const isUsualTier = tier === undefined || tier === null || tier === 'auto' || tier === 'default'
  return endpoint === '/v1/responses' && isUsualTier && store !== false && (background ?? false) === false
}

/** Returns the request for a response in the background that is ready within a window. */
export function asWaiting(body: unknown, window: CompletionWindow): object {
  return {
    ...(isRecord(body) ? body : {}),
    background: true,
    background_options: { completion_window: window },
  }
}

/** Whether a response in the background has ended with an answer, be it cut by its length. */
export function isAnswered({ status }: JsonBody): boolean {
  return status === 'completed' || status === 'incomplete'
}
