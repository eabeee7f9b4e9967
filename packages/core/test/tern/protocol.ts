import type { JsonBody } from '../../src/base/json.ts'
import { copyHeaders } from '../../src/base/readonly-headers.ts'
import { isRecord, parseJson } from '../../src/base/json.ts'
import type { AnswerFormat, Operation, Protocol } from '../../src/protocols/protocol.ts'
import { MissingAnswerError } from '../../src/protocols/shared/missing-answer.ts'
import { readError, type UpstreamError } from '../../src/protocols/shared/read-error.ts'
import { contentTokens } from '../../src/protocols/shared/value-tokens.ts'
import { tokenUsage } from '../../src/reporting/token-usage.ts'
import { TernDialect } from './tern-dialect.ts'
import { TernCounts } from './tern-counts.ts'

/** `POST {root}/v9/models/{model}:answer`, `:answerAsStream`, or `:count`, with `?key=` */
const ADDRESS = /\/v9\/models\/([^/:]+):(answer|answerAsStream|count)$/

const answer: AnswerFormat = {
  missing: (_request, json) =>
    Array.isArray(json['turns']) ? undefined : new MissingAnswerError('without turns'),
  finishReasonsOf: ({ why }) => (typeof why === 'string' ? [why] : []),
  isFiltered: (reasons) => reasons.includes('MUTED'),
  idOf: ({ name }) => (typeof name === 'string' ? name : undefined),
  modelOf: ({ model }) => (typeof model === 'string' ? model : undefined),
  usageOf(json) {
    const counts = new TernCounts()
    counts.read(json)
    return counts
  },
  isUnfinished: () => false,
}

const ANSWER: Operation = {
  name: 'tern',
  protocol: 'tern',
  vendor: 'tern',
  checksAnswers: true,
  portable: true,
  ambiguousRetries: 1,
  request: {
    modelOf: (url) => partsOf(url).model,
    isStreaming: (url) => partsOf(url).action === 'answerAsStream',
    needsOf: () => [],
    serviceTierOf: () => undefined,
    sessionOf: () => undefined,
    mayBeBilled: () => true,
  },
  endpoint: {
    rootOf: (url) => url.slice(0, url.indexOf('/v9/models/')),
    withModel: (url, _from, to) => (to === undefined ? url : withModel(url, to)),
    addressAt(provider, url, model) {
      const { pathname } = new URL(url)
      return provider.baseURL + withModel(pathname.slice(pathname.indexOf('/v9/models/')), model ?? '')
    },
    signed({ url, headers }, _provider, key) {
      const signed = new URL(url)
      signed.searchParams.set('key', key)
      return { url: signed.href, headers: copyHeaders(headers) }
    },
    credentialIn: (url) => new URL(url).searchParams.get('key') ?? '',
    withoutCredential: (url) => url.replace(/\?key=.*/, ''),
    probeURL: (root) => `${root}/v9/models`,
    carriesHeader: (name) => name === 'tern-version',
    adaptBody: (body) => body,
    quotaModelOf: (model) => model.split('-')[0] ?? model,
  },
  answer,
  errors: {
    inText: (text) => faultIn(parseJson(text)),
    declaredIn: (json) => faultIn([json]),
    anyIn: (json) => faultIn([json]),
    bodyOf: ({ message, code }, status) => ({ fault: { kind: code, text: message, status } }),
    rateLimitsOf: () => ({}),
  },
  tokens: {
    estimate: (body) => tokenUsage(tokensIn(body['turns']), 100),
    contextOf: (body) => tokensIn(body['turns']),
    outputLimitOf: () => undefined,
    answerTokens: ({ turns }) => tokensIn(turns),
  },
  caching: {
    whyUnsafe: () => undefined,
    refusalOf: ({ why }) => (why === 'END' ? undefined : 'incomplete'),
    newProof: () => ({ add: () => undefined, refusal: 'incomplete' }),
  },
  lastResort: {
    bodyOf: (text) => ({ turns: [{ text }], why: 'END' }),
    eventsOf: (body) => [`data: ${JSON.stringify(body)}\n\n`],
  },
  newDialect: () => new TernDialect(),
}

/** Counting is free. */
const COUNT: Operation = {
  ...ANSWER,
  checksAnswers: false,
  request: { ...ANSWER.request, mayBeBilled: () => false },
}

export const tern: Protocol = {
  name: 'tern',
  operations: ['tern'],
  operationOf: (path) => (partsOf(path).action === 'count' ? COUNT : ANSWER),
}

function partsOf(url: string): { model: string | undefined; action: string | undefined } {
  const [, model, action] = ADDRESS.exec(url.replace(/\?.*/, '')) ?? []
  return { model, action }
}

function withModel(url: string, model: string): string {
  return url.replace(/(\/v9\/models\/)[^/:]+/, (_, before: string) => before + model)
}

/** Errors come as lists: `[{ "fault": { "kind", "text", "status" } }]`. */
function faultIn(value: unknown): UpstreamError | undefined {
  const faults: readonly unknown[] = Array.isArray(value) ? value : []
  const found = faults.find((item) => isRecord(item) && isRecord(item['fault'])) as JsonBody | undefined
  return found && readError(found['fault'])
}

function tokensIn(value: unknown): number {
  const tokens = contentTokens()
  tokens.add(value)
  return tokens.count
}
