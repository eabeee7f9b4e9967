import OpenAI from 'openai'
import { text, type ForeignRow } from './row.ts'

/** Errors in the words and shapes of many vendors, under a status that says so. */
export const errors: readonly ForeignRow[] = [
  {
    what: 'an error page of a proxy under 503',
    answer: text('text/html', '<html><h1>503 Service Unavailable</h1></html>', 503),
    to: ['chat', 'chat stream', 'responses'],
    becomes: {
      error: { class: OpenAI.InternalServerError, status: 503 },
      calls: 3,
      circuit: 'failure',
      kind: 'server',
      failureCode: undefined,
      movesOn: true,
    },
  },
]
