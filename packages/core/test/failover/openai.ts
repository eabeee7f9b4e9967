import OpenAI, { type APIError } from 'openai'
import type { ErrorFacts } from './vendor.ts'

/** What an error of OpenAI's SDK says. */
export function factsOfOpenAI(error: unknown): ErrorFacts {
  if (!(error instanceof OpenAI.APIError))
    return { isTyped: false, status: undefined, code: undefined, message: String(error) }
  const { status, code, error: body } = error as APIError & { status: number | undefined }
  return {
    isTyped:
      error instanceof OpenAI.APIConnectionError ||
      status === undefined || // an error inside a stream
      error.constructor === OpenAI.APIError.generate(status, {}, '', new Headers()).constructor,
    status,
    code: code ?? undefined,
    message: (body as { message?: string } | undefined)?.message ?? error.message,
  }
}
