import { describe, expect, it } from 'vitest'
import { classifyStatus, type AnswerFacts } from './classify-status.ts'
import type { FailureKind } from './failure.ts'

type Row = [
  what: string,
  status: number | undefined,
  facts: AnswerFacts,
  kind: FailureKind,
  retryable: boolean,
]

const code = (code: string): AnswerFacts => ({ code })
const says = (message: string): AnswerFacts => ({ message })

/** The failure table, row by row. */
const rows: Row[] = [
  ['400', 400, {}, 'bad-request', false],
  ['422', 422, {}, 'bad-request', false],
  ['405', 405, {}, 'bad-request', false],
  ['406', 406, {}, 'bad-request', false],
  ['415', 415, {}, 'bad-request', false],
  [
    '400 that blames a parameter',
    400,
    { code: 'invalid_value', type: 'invalid_request_error' },
    'bad-request',
    false,
  ],
  ['413 without a word', 413, {}, 'bad-request', false],

  ['400 context_length_exceeded', 400, code('context_length_exceeded'), 'context-length', false],
  ['413 context_length_exceeded', 413, code('context_length_exceeded'), 'context-length', false],
  [
    '400 string_above_max_length of a message',
    400,
    { code: 'string_above_max_length', message: "Invalid 'messages[1].content': string too long." },
    'context-length',
    false,
  ],
  [
    '400 string_above_max_length of something else',
    400,
    { code: 'string_above_max_length', message: "Invalid 'user': string too long." },
    'bad-request',
    false,
  ],
  ['400, OpenAI', 400, says("This model's maximum context length is 8192 tokens."), 'context-length', false],
  [
    '400, Anthropic',
    400,
    says('prompt is too long: 210000 tokens > 200000 maximum'),
    'context-length',
    false,
  ],
  ['400, Gemini', 400, says('The input token count (1200000) exceeds the maximum'), 'context-length', false],
  ['400, Moonshot', 400, says('Your request exceeded model token limit: 8192'), 'context-length', false],
  ['400, xAI', 400, says("This model's maximum prompt length is 131072"), 'context-length', false],
  ['400, Alibaba', 400, says('Range of input length should be [1, 30720]'), 'context-length', false],
  ['400, llama.cpp', 400, says('the request exceeds the available context size'), 'context-length', false],
  [
    '400, Groq',
    400,
    says('Please reduce the length of the messages or completion.'),
    'context-length',
    false,
  ],
  [
    '413, Groq',
    413,
    { code: 'rate_limit_exceeded', message: 'Request too large for model `x` on tokens per minute (TPM)' },
    'context-length',
    false,
  ],
  [
    '400 about max_tokens',
    400,
    says('max_tokens is too large: 5000. This model supports at most 4096'),
    'bad-request',
    false,
  ],

  ['400 content_filter', 400, code('content_filter'), 'content-filter', false],
  ['400 content_policy_violation', 400, code('content_policy_violation'), 'content-filter', false],
  ['403 moderation', 403, code('moderation_blocked'), 'content-filter', false],
  ['400, Azure', 400, says("triggering Azure OpenAI's content management policy"), 'content-filter', false],

  ['401', 401, code('invalid_api_key'), 'auth', false],
  ['403', 403, {}, 'auth', false],

  ['402', 402, {}, 'quota', false],
  ['429 insufficient_quota', 429, code('insufficient_quota'), 'quota', false],
  ['429 of type insufficient_quota', 429, { code: null, type: 'insufficient_quota' }, 'quota', false],
  ['429 credit_balance_exhausted', 429, code('credit_balance_exhausted'), 'quota', false],
  ['429 organization_spend_limit_exceeded', 429, code('organization_spend_limit_exceeded'), 'quota', false],
  ['429 project_spend_limit_exceeded', 429, code('project_spend_limit_exceeded'), 'quota', false],
  ['429 organization_usage_limit_exceeded', 429, code('organization_usage_limit_exceeded'), 'quota', false],
  ['400 billing_hard_limit_reached', 400, code('billing_hard_limit_reached'), 'quota', false],
  [
    '400, Anthropic',
    400,
    says('Your credit balance is too low to access the Anthropic API.'),
    'quota',
    false,
  ],

  ...[
    'enforced_spend_limit_reached',
    'contract_spend_limit_reached',
    'linked_organization_spend_limit_reached',
    'monthly_spending_cap_hit',
    'billing_suspended',
  ].map((name): Row => [`429 ${name}`, 429, { code: name, type: 'rate_limit_error' }, 'quota', false]),
  [
    '429 ramp_limit_exceeded',
    429,
    { code: 'ramp_limit_exceeded', type: 'rate_limit_error' },
    'rate-limit',
    true,
  ],
  [
    "400, a customer's own limit at Anthropic",
    400,
    says('You have reached your specified API usage limits. You will regain access on 2026-12-01.'),
    'quota',
    false,
  ],
  ['403 account_suspended', 403, code('account_suspended'), 'auth', false],
  ['413 of type request_too_large', 413, { type: 'request_too_large' }, 'context-length', false],
  ['an error in a stream: conflict_error', undefined, { type: 'conflict_error' }, 'conflict', true],

  ['404', 404, code('model_not_found'), 'not-found', false],
  ['408', 408, {}, 'timeout', true],
  ['409', 409, {}, 'conflict', true],
  ['429', 429, code('rate_limit_exceeded'), 'rate-limit', true],
  ['429 slow_down', 429, code('slow_down'), 'rate-limit', true],

  ['503 slow_down', 503, code('slow_down'), 'overloaded', true],
  ['503 server_is_overloaded', 503, code('server_is_overloaded'), 'overloaded', true],
  ['503 of type overloaded_error', 503, { type: 'overloaded_error' }, 'overloaded', true],
  ['529', 529, {}, 'overloaded', true],

  ...[500, 502, 503, 504, 520, 521, 522, 523, 524].map((status): Row => [
    `${status}`,
    status,
    {},
    'server',
    true,
  ]),
  ...[501, 505, 507, 511, 525, 599].map((status): Row => [`${status}`, status, {}, 'server', false]),

  ['200 that is none', 200, {}, 'malformed', true],
  ['200 with the code of an error', 200, code('rate_limit_exceeded'), 'rate-limit', true],
  ['200 with a status inside', 200, { code: 502, message: 'Provider returned error' }, 'server', true],
  ['200 with no credit inside', 200, { code: 402 }, 'quota', false],
  ['502 malformed_answer', 502, code('malformed_answer'), 'malformed', true],
  ['304', 304, {}, 'malformed', true],

  ['an error in a stream', undefined, {}, 'stream', true],
  ['an error in a stream: server_error', undefined, code('server_error'), 'server', true],
  ['an error in a stream: overloaded_error', undefined, { type: 'overloaded_error' }, 'overloaded', true],
  ['an error in a stream: rate_limit_exceeded', undefined, code('rate_limit_exceeded'), 'rate-limit', true],
  ['an error in a stream: insufficient_quota', undefined, code('insufficient_quota'), 'quota', false],
  ['an error in a stream: invalid_prompt', undefined, code('invalid_prompt'), 'bad-request', false],
  ['an error in a stream: 429', undefined, { code: 429 }, 'rate-limit', true],
  ['a stream that broke after its first content', undefined, code('stream_incomplete'), 'stream', false],

  ['503 breaker_open', 503, code('breaker_open'), 'refused', false],
  ['429 local_rate_limit', 429, code('local_rate_limit'), 'refused', false],
  ['429 queue_full', 429, code('queue_full'), 'refused', false],
  ['402 spend_limit', 402, code('spend_limit'), 'refused', false],
]

describe('classifyStatus', () => {
  it.each(rows)('classifies %s', (_what, status, facts, kind, retryable) => {
    expect(classifyStatus(status, facts)).toMatchObject({ kind, retryable, ambiguous: false })
  })

  it('lets x-should-retry overrule the status, except for an exhausted quota and a refusal by Harbor', () => {
    const retryable = (status: number, shouldRetry: string, code?: string): boolean =>
      classifyStatus(status, { code, headers: { 'x-should-retry': shouldRetry } }).retryable
    expect(retryable(400, 'true')).toBe(true)
    expect(retryable(501, 'true')).toBe(true)
    expect(retryable(429, 'false')).toBe(false)
    expect(retryable(503, 'false')).toBe(false)
    expect(retryable(429, 'perhaps')).toBe(true)
    expect(retryable(429, 'true', 'insufficient_quota')).toBe(false)
    expect(retryable(402, 'true')).toBe(false)
    expect(retryable(503, 'true', 'breaker_open')).toBe(false)
  })

  it('reports the status, the code and the Retry-After', () => {
    const headers = new Headers({ 'retry-after': '2' })
    expect(classifyStatus(429, { code: 'rate_limit_exceeded', type: 'requests', headers })).toEqual({
      kind: 'rate-limit',
      status: 429,
      code: 'rate_limit_exceeded',
      retryable: true,
      ambiguous: false,
      retryAfterMs: 2_000,
    })
  })
})
