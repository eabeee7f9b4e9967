import type { JsonBody } from '../../base/json.ts'
import type { Operation, Protocol } from '../protocol.ts'
import { otherEndpoints } from '../unknown/operation.ts'
import { GEMINI_ANSWER } from './gemini-answer.ts'
import { GEMINI_BATCHING } from './gemini-batching.ts'
import { GEMINI_CACHING } from './gemini-caching.ts'
import { GEMINI_CONTINUING } from './gemini-continuing.ts'
import { GeminiDialect } from './gemini-dialect.ts'
import { EMBEDDINGS_ANSWER, EMBEDDINGS_CACHING } from './gemini-embeddings.ts'
import { GEMINI_ENDPOINT } from './gemini-endpoint.ts'
import { GEMINI_ERRORS } from './gemini-errors.ts'
import { GEMINI_LAST_RESORT } from './gemini-last-resort.ts'
import { GEMINI_QUESTION } from './gemini-question.ts'
import { GEMINI_REQUEST, isStateful } from './gemini-request.ts'
import { GEMINI_TOKENS, INPUT_TOKENS } from './gemini-tokens.ts'
import { actionOf, wantsEvents } from './gemini-url.ts'
import { geminiOfBody } from './operation-of-body.ts'

/** `generateContent`, and `streamGenerateContent` as events. See https://ai.google.dev/api/generate-content */
const GENERATE: Operation = {
  name: 'generateContent',
  protocol: 'gemini-generate',
  vendor: 'google',
  checksAnswers: true,
  portable: true,
  ambiguousRetries: 1,
  request: GEMINI_REQUEST,
  endpoint: GEMINI_ENDPOINT,
  answer: GEMINI_ANSWER,
  errors: GEMINI_ERRORS,
  tokens: GEMINI_TOKENS,
  caching: GEMINI_CACHING,
  lastResort: GEMINI_LAST_RESORT,
  newDialect: ({ request }) => new GeminiDialect(request),
  continuing: GEMINI_CONTINUING,
  asking: async () => GEMINI_QUESTION,
}

/**
 * `streamGenerateContent` without `alt=sse`, whose stream is one JSON list. Its pieces are not events that Harbor can check, so they are
 * passed on as they arrive.
 */
const GENERATE_LIST: Operation = {
  ...GENERATE,
  checksAnswers: false,
  portable: false,
  ambiguousRetries: 0,
  caching: { ...GEMINI_CACHING, whyUnsafe: () => 'not-a-question' },
}

/** `embedContent` and `batchEmbedContents`. See https://ai.google.dev/api/embeddings */
const EMBED: Operation = {
  ...GENERATE,
  name: 'embedContent',
  answer: EMBEDDINGS_ANSWER,
  tokens: INPUT_TOKENS,
  caching: EMBEDDINGS_CACHING,
  // A last resort that returns a text cannot answer a request for vectors.
  lastResort: { ...GEMINI_LAST_RESORT, bodyOf: () => undefined },
  batching: GEMINI_BATCHING,
  asking: undefined,
}

/** `countTokens`, which is free, and only reads. See https://ai.google.dev/api/tokens */
const COUNT: Operation = {
  ...GENERATE,
  name: 'countTokens',
  checksAnswers: false,
  portable: false,
  ambiguousRetries: Infinity,
  request: { ...GEMINI_REQUEST, mayBeBilled: () => false },
  tokens: INPUT_TOKENS,
  caching: { ...GEMINI_CACHING, whyUnsafe: () => 'not-a-question' },
  lastResort: { ...GEMINI_LAST_RESORT, bodyOf: () => undefined },
}

/**
 * Requests that refer to something stored at the provider. They are sent to no other provider. If such a request may have been carried out,
 * it is not repeated.
 */
const PINNED_GENERATE: Operation = {
  ...GENERATE,
  portable: false,
  ambiguousRetries: 0,
  continuing: undefined,
}
const PINNED_EMBED: Operation = { ...EMBED, portable: false, ambiguousRetries: 0 }

/** Caches, files, batches and all other endpoints of Google. */
const OTHER = otherEndpoints({
  vendor: 'google',
  errors: GEMINI_ERRORS,
  endpoint: GEMINI_ENDPOINT,
  newDialect: () => new GeminiDialect(),
})

export const geminiGenerate = {
  name: 'gemini-generate',
  operations: ['generateContent', 'embedContent', 'countTokens'],
  operationOf(path, body, query) {
    switch (actionOf(path)) {
      case 'generateContent':
        return generating(body)
      case 'streamGenerateContent':
        return wantsEvents(query) ? generating(body) : GENERATE_LIST
      case 'embedContent':
      case 'batchEmbedContents':
        return isStateful(body) ? PINNED_EMBED : EMBED
      case 'countTokens':
        return COUNT
      case undefined:
        return undefined
    }
  },
  operationOfBody(body) {
    const recognised = geminiOfBody(body)
    return recognised && { ...recognised, endpoint: GEMINI_ENDPOINT, tokens: GEMINI_TOKENS }
  },
  otherEndpoints: () => OTHER,
} as const satisfies Protocol

function generating(body: JsonBody): Operation {
  return isStateful(body) ? PINNED_GENERATE : GENERATE
}
