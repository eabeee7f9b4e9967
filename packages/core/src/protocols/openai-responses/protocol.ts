import type { JsonBody } from '../../base/json.ts'
import { ANSWER } from '../openai/answer.ts'
import { openaiEndpoint } from '../openai/endpoint.ts'
import { ERRORS } from '../openai/errors.ts'
import { REQUEST } from '../openai/request.ts'
import { TOKENS } from '../openai/token-estimates.ts'
import { refersToStored, makesStored } from '../openai/stored-references.ts'
import type { AnswerFormat, Operation, Protocol, RequestFormat } from '../protocol.ts'
import { MissingAnswerError } from '../shared/missing-answer.ts'
import { isStateful } from './is-stateful.ts'
import { RESPONSES_CACHING } from './responses-caching.ts'
import { ResponsesDialect } from './responses-dialect.ts'
import { RESPONSES_LAST_RESORT } from './responses-last-resort.ts'
import { RESPONSES_RESUMING } from './responses-resuming.ts'

const PATH = '/responses'

/** How a request to the Responses API is read. Its answer counts as stored at the provider, unless the request sets `store: false`. */
const RESPONSES_REQUEST: RequestFormat = {
  ...REQUEST,
  storedWith: (body) => (refersToStored(body) ? 'uses' : makesStored(body, true) ? 'makes' : undefined),
}

/** How an answer of the Responses API is read: it must have an output. */
const RESPONSES_ANSWER: AnswerFormat = {
  ...ANSWER,
  missing: (_request, answer) =>
    hasOutput(answer) ? undefined : new MissingAnswerError('without an output'),
}

/**
 * Whether an answer has an output. An empty output is accepted if the answer has a status, because the response may be unfinished or have
 * ended early.
 */
function hasOutput({ output, status }: JsonBody): boolean {
  return Array.isArray(output) && (output.length > 0 || (typeof status === 'string' && status !== ''))
}

/** The endpoint of the Responses API. See https://platform.openai.com/docs/api-reference/responses */
const RESPONSES: Operation = {
  name: 'responses',
  protocol: 'openai-responses',
  vendor: 'openai',
  checksAnswers: true,
  portable: true,
  ambiguousRetries: 1,
  request: RESPONSES_REQUEST,
  endpoint: openaiEndpoint({ path: PATH, hasDeployment: false }),
  answer: RESPONSES_ANSWER,
  errors: ERRORS,
  tokens: TOKENS,
  caching: RESPONSES_CACHING,
  lastResort: RESPONSES_LAST_RESORT,
  newDialect: () => new ResponsesDialect(),
  resuming: RESPONSES_RESUMING,
  asking: async () => (await import('./responses-question.ts')).RESPONSES_QUESTION,
}

/**
 * Requests that depend on state stored at the provider. They are sent to no other provider. If such a request may have been carried out, it
 * is not repeated.
 */
const STATEFUL: Operation = { ...RESPONSES, portable: false, ambiguousRetries: 0 }

export const openaiResponses = {
  name: 'openai-responses',
  operations: ['responses'],
  operationOf(path, body) {
    if (!path.endsWith(PATH)) return undefined
    return responding(body)
  },
  operationOfBody: (body) => ('input' in body ? responding(body) : undefined),
} as const satisfies Protocol

function responding(body: JsonBody): Operation {
  return isStateful(body) ? STATEFUL : RESPONSES
}
