import { asObject, asString } from '../answers/json.ts'
import type { Answer } from '../answers/answer.ts'
import { badRequest } from '../wires/openai/errors.ts'
import type { Question } from '../wires/wire.ts'

/** The discounted completion windows of responses in the background. */
export type CompletionWindow = '2h' | '8h'

/** How long each window is, in milliseconds. */
export const WINDOW_MS: Readonly<Record<CompletionWindow, number>> = { '2h': 7_200_000, '8h': 28_800_000 }

const PARAM = 'background_options.completion_window'

/** Returns the window that a request names; undefined for none, and for `soonest`. */
export function windowOf({ body }: Pick<Question, 'body'>): CompletionWindow | undefined {
  const { completion_window: window } = asObject(body['background_options'])
  return window === '2h' || window === '8h' ? window : undefined
}

/**
 * Returns the error for background options that OpenAI refuses: an unknown window, a window of a response that is not in the background, and a
 * discounted window of a stream or of another service tier than the standard one. Undefined for valid options, and for none.
 */
export function checkWindow({ body, stream }: Pick<Question, 'body' | 'stream'>): Answer | undefined {
  const options = body['background_options']
  if (options === undefined || options === null) return undefined
  const { completion_window: window = 'soonest' } = asObject(options)
  if (window !== 'soonest' && window !== '2h' && window !== '8h')
    return badRequest(
      `Invalid value for '${PARAM}'. Supported are soonest, 2h and 8h.`,
      PARAM,
      'invalid_value',
    )
  if (body['background'] !== true)
    return badRequest("'background_options' requires 'background' to be true.", 'background_options')
  if (window === 'soonest') return undefined
  if (stream)
    return badRequest(`A response with the completion window '${window}' cannot be streamed.`, 'stream')
  return ['', 'auto', 'default'].includes(asString(body['service_tier']))
    ? undefined
    : badRequest(`The completion window '${window}' requires the default service tier.`, 'service_tier')
}
